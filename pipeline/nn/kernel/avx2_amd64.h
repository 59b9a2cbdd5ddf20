// RECTIFY is max(x, 0) + slope·min(x, 0) with zero in Y14 and the slopes in Y12, Y13. The order of VMAXPS's operands
// lets NaN through. (Choosing the factor by VBLENDVPS or by the sign's bits takes longer.)
#define RECTIFY(A, B) \
	VMAXPS A, Y14, Y15; \
	VMINPS A, Y14, A; \
	VFMADD213PS Y15, Y12, A; \
	VMAXPS B, Y14, Y15; \
	VMINPS B, Y14, B; \
	VFMADD213PS Y15, Y13, B

// STORE writes a pixel's two vectors to AX and goes on by BX floats.
#define STORE(A, B) \
	VMOVUPS A, (AX); \
	VMOVUPS B, 32(AX); \
	LEAQ (AX)(BX*4), AX

// POINT loads the place of a pixel's values.
#define POINT(OFFSET, R) \
	MOVLQSX OFFSET(R8), R; \
	LEAQ (DX)(R*4), R
