#include "textflag.h"
#include "go_asm.h"
#include "strip_amd64.h"

// A strip goes through the columns of its rows of input from left to right as with AVX-512 (see there), 8 channels at a
// time, which leaves one register for the input. Where the channels don't divide, the last 8 are moved back over some that
// are done already: a masked store is slow on AMD's processors.
//
// Weights Y0…Y8, sums Y9…Y14, input and activation Y15; with one row of output inputs Y12…Y14. AX, BX, CX, DX are the rows,
// R8…R11 their steps, SI and DI where outputs go, R12 the distance from output to output, R13 the columns to go, R14 the
// outputs to pass over. The bias is in the frame, and so are the slopes or the lowest output, eight times.
//
// There is no kernel of 5 × 5: with most of its weights in the frame, and five sums, it was slower than Row (74 GFLOP/s
// instead of 102 with 200 channels).

// nothing is a line of zeros, for the columns on the right.
GLOBL nothing<>(SB), RODATA|NOPTR, $32

// CLAMP is max(x, low), RECTIFY max(x, 0) + slope·min(x, 0); both let NaN through, which of a sum only one part has to.
#define CLAMP(A) \
	VMOVUPS act-96(SP), Y15; \
	VMAXPS A, Y15, A
#define RECTIFY(A) \
	VXORPS Y15, Y15, Y15; \
	VMINPS A, Y15, Y15; \
	VMAXPS nothing<>(SB), A, A; \
	VFMADD231PS act-96(SP), Y15, A

#define LOAD(P, S, V) VMOVUPS (P), V; ADDQ S, P

// TAPS multiplies a row's column with the taps of a row of the kernel into the sums of three outputs.
#define TAPS(IN, W0, W1, W2, A, B, C) VFMADD231PS W2, IN, A; VFMADD231PS W1, IN, B; VFMADD231PS W0, IN, C

// COLUMN1 is a column of the three rows of an output, of which A is complete then; COLUMN2 of four rows, which two rows
// of output share.
#define COLUMN1(ACT, A, B, C, PASS) \
	LOAD(AX, R8, Y12); \
	LOAD(BX, R9, Y13); \
	LOAD(CX, R10, Y14); \
	VMOVUPS bias-64(SP), C; \
	TAPS(Y12, Y0, Y1, Y2, A, B, C); \
	TAPS(Y13, Y3, Y4, Y5, A, B, C); \
	TAPS(Y14, Y6, Y7, Y8, A, B, C); \
	DECQ R14; \
	JGE  PASS; \
	ACT(A); \
	VMOVUPS A, (SI); \
	ADDQ R12, SI; \
PASS: \
	DECQ R13

#define COLUMN2(ACT, A, B, C, D, E, F, PASS) \
	VMOVUPS bias-64(SP), C; \
	VMOVAPS C, F; \
	LOAD(AX, R8, Y15); \
	TAPS(Y15, Y0, Y1, Y2, A, B, C); \
	LOAD(BX, R9, Y15); \
	TAPS(Y15, Y0, Y1, Y2, D, E, F); \
	TAPS(Y15, Y3, Y4, Y5, A, B, C); \
	LOAD(CX, R10, Y15); \
	TAPS(Y15, Y3, Y4, Y5, D, E, F); \
	TAPS(Y15, Y6, Y7, Y8, A, B, C); \
	LOAD(DX, R11, Y15); \
	TAPS(Y15, Y6, Y7, Y8, D, E, F); \
	DECQ R14; \
	JGE  PASS; \
	ACT(A); \
	ACT(D); \
	VMOVUPS A, (SI); \
	VMOVUPS D, (DI); \
	ADDQ R12, SI; \
	ADDQ R12, DI; \
PASS: \
	DECQ R13

// BEGIN finds where the first block of channels begins, and the last.
#define BEGIN \
	MOVQ to+16(FP), AX; \
	SHLQ $2, AX; \
	SUBQ $32, AX; \
	MOVQ AX, last-24(SP); \
	MOVQ from+8(FP), BX; \
	SHLQ $2, BX; \
	CMPQ BX, AX; \
	CMOVQGT AX, BX; \
	MOVQ BX, at-8(SP)

// BLOCKDONE goes on to the next block of channels.
#define BLOCKDONE \
blockdone: \
	MOVQ at-8(SP), AX; \
	MOVQ last-24(SP), BX; \
	CMPQ AX, BX; \
	JEQ  done; \
	ADDQ $32, AX; \
	CMPQ AX, BX; \
	CMOVQGT BX, AX; \
	MOVQ AX, at-8(SP); \
	JMP  block; \
done: \
	VZEROUPPER; \
	RET

// PLACES finds what is needed besides the rows.
#define PLACES \
	MOVQ Strip_Right(DI), R13; \
	MOVQ R13, right-16(SP); \
	MOVQ Strip_Columns(DI), R13; \
	MOVQ $2, R14; \
	SUBQ Strip_Left(DI), R14; \
	MOVQ Strip_OutPitch(DI), R12; \
	SHLQ $2, R12; \
	MOVQ Strip_Out(DI), SI; \
	ADDQ R15, SI

// WEIGHT loads a tap at R13 and goes on to the next, R14 bytes further.
#define WEIGHT(V) VMOVUPS (R13), V; ADDQ R14, R13
#define WEIGHTS \
	MOVQ s+0(FP), DI; \
	MOVQ at-8(SP), R15; \
	MOVQ Strip_Weights(DI), R13; \
	ADDQ R15, R13; \
	MOVQ Strip_WeightPitch(DI), R14; \
	SHLQ $2, R14

// BLOCK3 begins 8 channels of a kernel of 3 × 3.
#define BLOCK3 \
	WEIGHTS; \
	WEIGHT(Y0); \
	WEIGHT(Y1); \
	WEIGHT(Y2); \
	WEIGHT(Y3); \
	WEIGHT(Y4); \
	WEIGHT(Y5); \
	WEIGHT(Y6); \
	WEIGHT(Y7); \
	WEIGHT(Y8); \
	MOVQ Strip_Bias(DI), AX; \
	VMOVUPS (AX)(R15*1), Y9; \
	VMOVUPS Y9, bias-64(SP); \
	VMOVAPS Y9, Y10; \
	VMOVAPS Y9, Y11; \
	VMOVAPS Y9, Y12; \
	VMOVAPS Y9, Y13; \
	VMOVAPS Y9, Y14; \
	PLACES; \
	ROW(0, AX, R8, R15); \
	ROW(1, BX, R9, R15); \
	ROW(2, CX, R10, R15)

// LOWEST and SLOPE load what the activation needs; DI is the strip, R15 the place of the channels.
#define LOWEST \
	VBROADCASTSS Strip_Low(DI), Y15; \
	VMOVUPS Y15, act-96(SP)
#define SLOPE \
	MOVQ Strip_Slope(DI), DX; \
	VMOVUPS (DX)(R15*1), Y15; \
	VMOVUPS Y15, act-96(SP)

// STRIP1 is one row of outputs, STRIP2 two, of a kernel of 3 × 3.
#define STRIP1(SET, ACT) \
	BEGIN; \
block: \
	BLOCK3; \
	SET; \
	ROUNDS(COLUMN1(ACT, Y9, Y10, Y11, pass1), COLUMN1(ACT, Y10, Y11, Y9, pass2), COLUMN1(ACT, Y11, Y9, Y10, pass3)); \
	BLOCKDONE

#define STRIP2(SET, ACT) \
	BEGIN; \
block: \
	BLOCK3; \
	SET; \
	ROW(3, DX, R11, R15); \
	MOVQ (Strip_Out+24)(DI), DI; \
	ADDQ R15, DI; \
	ROUNDS(COLUMN2(ACT, Y9, Y11, Y13, Y10, Y12, Y14, pass1), COLUMN2(ACT, Y11, Y13, Y9, Y12, Y14, Y10, pass2), COLUMN2(ACT, Y13, Y9, Y11, Y14, Y10, Y12, pass3)); \
	BLOCKDONE

// func strip1AVX2(s *Strip, from, to int)
TEXT ·strip1AVX2(SB), NOSPLIT, $96-24
	STRIP1(LOWEST, CLAMP)

// func strip1SlopeAVX2(s *Strip, from, to int)
TEXT ·strip1SlopeAVX2(SB), NOSPLIT, $96-24
	STRIP1(SLOPE, RECTIFY)

// func strip2AVX2(s *Strip, from, to int)
TEXT ·strip2AVX2(SB), NOSPLIT, $96-24
	STRIP2(LOWEST, CLAMP)

// func strip2SlopeAVX2(s *Strip, from, to int)
TEXT ·strip2SlopeAVX2(SB), NOSPLIT, $96-24
	STRIP2(SLOPE, RECTIFY)

// INPUT loads a column of three rows.
#define INPUT \
	LOAD(AX, R8, Y12); \
	LOAD(BX, R9, Y13); \
	LOAD(CX, R10, Y14)

// SPARSE is one row of outputs two columns apart. Their windows share a column: the last of one is the first of the next.
// R14 is the outputs to go; the last may lack its last column, which is padding then.
#define SPARSE(SET, ACT) \
	BEGIN; \
block: \
	BLOCK3; \
	SET; \
	MOVQ Strip_Count(DI), R14; \
	CMPQ Strip_Left(DI), $0; \
	JNE  outputs; \
	INPUT; \
	VFMADD231PS Y0, Y12, Y9; \
	VFMADD231PS Y3, Y13, Y9; \
	VFMADD231PS Y6, Y14, Y9; \
outputs: \
	INPUT; \
	VFMADD231PS Y1, Y12, Y9; \
	VFMADD231PS Y4, Y13, Y9; \
	VFMADD231PS Y7, Y14, Y9; \
	DECQ R14; \
	JNZ  column; \
	CMPQ right-16(SP), $0; \
	JNE  store; \
column: \
	INPUT; \
	VMOVUPS bias-64(SP), Y10; \
	VFMADD231PS Y2, Y12, Y9; \
	VFMADD231PS Y5, Y13, Y9; \
	VFMADD231PS Y8, Y14, Y9; \
	VFMADD231PS Y0, Y12, Y10; \
	VFMADD231PS Y3, Y13, Y10; \
	VFMADD231PS Y6, Y14, Y10; \
store: \
	ACT(Y9); \
	VMOVUPS Y9, (SI); \
	ADDQ R12, SI; \
	VMOVAPS Y10, Y9; \
	TESTQ R14, R14; \
	JNZ  outputs; \
	BLOCKDONE

// func sparseAVX2(s *Strip, from, to int)
TEXT ·sparseAVX2(SB), NOSPLIT, $96-24
	SPARSE(LOWEST, CLAMP)

// func sparseSlopeAVX2(s *Strip, from, to int)
TEXT ·sparseSlopeAVX2(SB), NOSPLIT, $96-24
	SPARSE(SLOPE, RECTIFY)
