// POINTS loads the places of two pixels' values.
#define POINTS(OFFSET, A, B) \
	LDPSW OFFSET(R3), (A, B); \
	ADD A<<2, R2, A; \
	ADD B<<2, R2, B
