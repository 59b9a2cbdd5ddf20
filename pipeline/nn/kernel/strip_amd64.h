// What strips have in common (see avx512_strip_amd64.s for the registers).

// ROW finds row N of the input at byte AT and its step; DI is the strip.
#define ROW(N, P, S, AT) \
	MOVQ (Strip_In+24*N)(DI), P; \
	ADDQ AT, P; \
	MOVQ (Strip_Steps+8*N)(DI), S; \
	SHLQ $2, S

// RIGHT goes on with columns of zeros, as many as there are, or ends the block.
#define RIGHT(NEXT) \
	MOVQ right-16(SP), R13; \
	TESTQ R13, R13; \
	JZ   blockdone; \
	MOVQ $0, right-16(SP); \
	LEAQ nothing<>(SB), AX; \
	MOVQ AX, BX; \
	MOVQ AX, CX; \
	MOVQ AX, DX; \
	XORL R8, R8; \
	XORL R9, R9; \
	XORL R10, R10; \
	XORL R11, R11; \
	JMP  NEXT

// ROUNDS goes through the columns of a block with a kernel of 3 columns, the sums taking turns: each of the three is one
// column.
#define ROUNDS(FIRST, SECOND, THIRD) \
first: \
	FIRST; \
	JZ   right1; \
second: \
	SECOND; \
	JZ   right2; \
third: \
	THIRD; \
	JNZ  first; \
	RIGHT(first); \
right1: \
	RIGHT(second); \
right2: \
	RIGHT(third)
