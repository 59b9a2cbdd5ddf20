#include "textflag.h"
#include "go_asm.h"
#include "strip_amd64.h"

// Two rows of output of a kernel of 3 × 3, 16 channels at a time, so that lines of the cache are used whole, and twelve
// sums are enough for the multipliers' latency. Each weight, which is in the frame, serves both rows: in a column 28 loads
// for 36 multiply-adds. The frame is aligned, since loads across two lines of the cache count twice.
//
// Sums Y0…Y11, inputs Y12, Y13, weights Y14, Y15. AX, BX, CX, DX are the rows, R8…R11 their steps, SI and DI where outputs
// go, R12 the distance from output to output, R13 the columns to go, R14 the outputs to pass over, R15 the frame's
// weights, 9 of each half, behind which are the slopes or the lowest output and the bias.

// nothing is a line of zeros, for the columns on the right.
GLOBL nothing<>(SB), RODATA|NOPTR, $64

#define ACT 576
#define BIAS 640

// CLAMP and RECTIFY are those of a single row (see there), with half H of the slopes.
#define CLAMP(A, H) \
	VMOVUPS ACT(R15), Y15; \
	VMAXPS A, Y15, A
#define RECTIFY(A, H) \
	VXORPS Y15, Y15, Y15; \
	VMINPS A, Y15, Y15; \
	VMAXPS nothing<>(SB), A, A; \
	VFMADD231PS (ACT+32*H)(R15), Y15, A

// BOTH multiplies half H of tap T with the inputs of the two rows.
#define BOTH(H, T, W, IN, NEXT, A, D) \
	VMOVUPS (288*H+32*T)(R15), W; \
	VFMADD231PS W, IN, A; \
	VFMADD231PS W, NEXT, D

// HALF is half H of a column, after which A and D are complete.
#define HALF(H, A, B, C, D, E, F) \
	VMOVUPS (BIAS+32*H)(R15), C; \
	VMOVAPS C, F; \
	VMOVUPS (32*H)(AX), Y12; \
	VMOVUPS (32*H)(BX), Y13; \
	BOTH(H, 2, Y14, Y12, Y13, A, D); \
	BOTH(H, 1, Y15, Y12, Y13, B, E); \
	BOTH(H, 0, Y14, Y12, Y13, C, F); \
	VMOVUPS (32*H)(CX), Y12; \
	BOTH(H, 5, Y15, Y13, Y12, A, D); \
	BOTH(H, 4, Y14, Y13, Y12, B, E); \
	BOTH(H, 3, Y15, Y13, Y12, C, F); \
	VMOVUPS (32*H)(DX), Y13; \
	BOTH(H, 8, Y14, Y12, Y13, A, D); \
	BOTH(H, 7, Y15, Y12, Y13, B, E); \
	BOTH(H, 6, Y14, Y12, Y13, C, F)

// COLUMN is a column of both halves.
#define COLUMN(ACTIVATE, A, B, C, D, E, F, G, H, I, J, K, L, PASS) \
	HALF(0, A, B, C, D, E, F); \
	HALF(1, G, H, I, J, K, L); \
	ADDQ R8, AX; \
	ADDQ R9, BX; \
	ADDQ R10, CX; \
	ADDQ R11, DX; \
	DECQ R14; \
	JGE  PASS; \
	ACTIVATE(A, 0); \
	VMOVUPS A, (SI); \
	ACTIVATE(G, 1); \
	VMOVUPS G, 32(SI); \
	ACTIVATE(D, 0); \
	VMOVUPS D, (DI); \
	ACTIVATE(J, 1); \
	VMOVUPS J, 32(DI); \
	ADDQ R12, SI; \
	ADDQ R12, DI; \
PASS: \
	DECQ R13

// WEIGHT puts tap T, which is at R13, into the frame and goes on to the next, R14 bytes further.
#define WEIGHT(T) \
	VMOVUPS (R13), Y0; \
	VMOVUPS 32(R13), Y1; \
	VMOVUPS Y0, (32*T)(R15); \
	VMOVUPS Y1, (288+32*T)(R15); \
	ADDQ R14, R13

// LOWEST and SLOPE put what the activation needs into the frame; DI is the strip, R12 the place of the channels.
#define LOWEST \
	VBROADCASTSS Strip_Low(DI), Y15; \
	VMOVUPS Y15, ACT(R15)
#define SLOPE \
	MOVQ Strip_Slope(DI), DX; \
	VMOVUPS (DX)(R12*1), Y15; \
	VMOVUPS Y15, ACT(R15); \
	VMOVUPS 32(DX)(R12*1), Y15; \
	VMOVUPS Y15, (ACT+32)(R15)

// PAIR is a whole function with its activation.
#define PAIR(SET, ACTIVATE) \
	LEAQ frame-744(SP), R15; \
	ANDQ $~31, R15; \
	MOVQ to+16(FP), AX; \
	SHLQ $2, AX; \
	SUBQ $64, AX; \
	MOVQ AX, last-24(SP); \
	MOVQ from+8(FP), AX; \
	SHLQ $2, AX; \
	MOVQ AX, at-8(SP); \
block: \
	MOVQ s+0(FP), DI; \
	MOVQ at-8(SP), R12; \
	MOVQ Strip_Weights(DI), R13; \
	ADDQ R12, R13; \
	MOVQ Strip_WeightPitch(DI), R14; \
	SHLQ $2, R14; \
	WEIGHT(0); \
	WEIGHT(1); \
	WEIGHT(2); \
	WEIGHT(3); \
	WEIGHT(4); \
	WEIGHT(5); \
	WEIGHT(6); \
	WEIGHT(7); \
	WEIGHT(8); \
	SET; \
	MOVQ Strip_Bias(DI), AX; \
	VMOVUPS (AX)(R12*1), Y0; \
	VMOVUPS 32(AX)(R12*1), Y6; \
	VMOVUPS Y0, BIAS(R15); \
	VMOVUPS Y6, (BIAS+32)(R15); \
	VMOVAPS Y0, Y1; \
	VMOVAPS Y0, Y3; \
	VMOVAPS Y0, Y4; \
	VMOVAPS Y6, Y7; \
	VMOVAPS Y6, Y9; \
	VMOVAPS Y6, Y10; \
	ROW(0, AX, R8, R12); \
	ROW(1, BX, R9, R12); \
	ROW(2, CX, R10, R12); \
	ROW(3, DX, R11, R12); \
	MOVQ Strip_Right(DI), R13; \
	MOVQ R13, right-16(SP); \
	MOVQ Strip_Columns(DI), R13; \
	MOVQ $2, R14; \
	SUBQ Strip_Left(DI), R14; \
	MOVQ Strip_Out(DI), SI; \
	ADDQ R12, SI; \
	ADDQ (Strip_Out+24)(DI), R12; \
	MOVQ Strip_OutPitch(DI), DI; \
	SHLQ $2, DI; \
	XCHGQ R12, DI; \
	ROUNDS(COLUMN(ACTIVATE, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, pass1), COLUMN(ACTIVATE, Y1, Y2, Y0, Y4, Y5, Y3, Y7, Y8, Y6, Y10, Y11, Y9, pass2), COLUMN(ACTIVATE, Y2, Y0, Y1, Y5, Y3, Y4, Y8, Y6, Y7, Y11, Y9, Y10, pass3)); \
blockdone: \
	MOVQ at-8(SP), AX; \
	MOVQ last-24(SP), BX; \
	CMPQ AX, BX; \
	JEQ  done; \
	ADDQ $64, AX; \
	CMPQ AX, BX; \
	CMOVQGT BX, AX; \
	MOVQ AX, at-8(SP); \
	JMP  block; \
done: \
	VZEROUPPER; \
	RET

// func pairAVX2(s *Strip, from, to int)
TEXT ·pairAVX2(SB), 0, $776-24
	PAIR(LOWEST, CLAMP)

// func pairSlopeAVX2(s *Strip, from, to int)
TEXT ·pairSlopeAVX2(SB), 0, $776-24
	PAIR(SLOPE, RECTIFY)
