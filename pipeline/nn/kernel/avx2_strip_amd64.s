#include "textflag.h"
#include "go_asm.h"

// A strip goes through the columns of its rows of input from left to right as with AVX-512 (see there), 8 channels at a
// time, which leaves one register for the input. Where the channels don't divide, the last 8 are moved back over some that
// are done already: a masked store is slow on AMD's processors.
//
// 3 × 3: weights Y0…Y8, sums Y9…Y14, input and activation Y15; with one row of output inputs Y12…Y14.
// 5 × 5: weights of the first two rows Y0…Y9, sums Y10…Y14, input and activation Y15, the other weights in the frame: 21
// loads for 25 multiply-adds, so that the multipliers are the limit.
// AX, BX, CX, DX and R15 or DI are the rows, R8…R11 and R15 their steps, SI and DI where outputs go, R12 the distance from
// output to output, R13 the columns to go, R14 the outputs to pass over. The bias is in the frame, and so are the slopes or
// the lowest output, eight times.

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

// BEGIN finds where the first block of channels begins, and the last; a block takes SIZE bytes.
#define BEGIN(SIZE) \
	MOVQ to+16(FP), AX; \
	SHLQ $2, AX; \
	SUBQ $SIZE, AX; \
	MOVQ AX, last-24(SP); \
	MOVQ from+8(FP), BX; \
	SHLQ $2, BX; \
	CMPQ BX, AX; \
	CMOVQGT AX, BX; \
	MOVQ BX, at-8(SP)

// BLOCKDONE goes on to the next block of channels.
#define BLOCKDONE(SIZE) \
blockdone: \
	MOVQ at-8(SP), AX; \
	MOVQ last-24(SP), BX; \
	CMPQ AX, BX; \
	JEQ  done; \
	ADDQ $SIZE, AX; \
	CMPQ AX, BX; \
	CMOVQGT BX, AX; \
	MOVQ AX, at-8(SP); \
	JMP  block; \
done: \
	VZEROUPPER; \
	RET

// ROW finds row N of the input at byte R15 and its step.
#define ROW(N, P, S) \
	MOVQ (Strip_In+24*N)(DI), P; \
	ADDQ R15, P; \
	MOVQ (Strip_Steps+8*N)(DI), S; \
	SHLQ $2, S

// PLACES finds what both kinds of kernel need besides their rows, of which the first outputs are passed over.
#define PLACES(KERNEL) \
	MOVQ Strip_Right(DI), R13; \
	MOVQ R13, right-16(SP); \
	MOVQ Strip_Columns(DI), R13; \
	MOVQ $(KERNEL-1), R14; \
	SUBQ Strip_Left(DI), R14; \
	MOVQ Strip_OutPitch(DI), R12; \
	SHLQ $2, R12; \
	MOVQ Strip_Out(DI), SI; \
	ADDQ R15, SI

// WEIGHT loads a tap at R13 and goes on to the next, R14 bytes further; FAR puts it into the frame.
#define WEIGHT(V) VMOVUPS (R13), V; ADDQ R14, R13
#define FAR(W) VMOVUPS (R13), Y15; ADDQ R14, R13; VMOVUPS Y15, W
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
	PLACES(3); \
	ROW(0, AX, R8); \
	ROW(1, BX, R9); \
	ROW(2, CX, R10)

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
	BEGIN(32); \
block: \
	BLOCK3; \
	SET; \
first: \
	COLUMN1(ACT, Y9, Y10, Y11, pass1); \
	JZ   right1; \
second: \
	COLUMN1(ACT, Y10, Y11, Y9, pass2); \
	JZ   right2; \
third: \
	COLUMN1(ACT, Y11, Y9, Y10, pass3); \
	JNZ  first; \
	RIGHT(first); \
right1: \
	RIGHT(second); \
right2: \
	RIGHT(third); \
	BLOCKDONE(32)

#define STRIP2(SET, ACT) \
	BEGIN(32); \
block: \
	BLOCK3; \
	SET; \
	ROW(3, DX, R11); \
	MOVQ (Strip_Out+24)(DI), DI; \
	ADDQ R15, DI; \
first: \
	COLUMN2(ACT, Y9, Y11, Y13, Y10, Y12, Y14, pass1); \
	JZ   right1; \
second: \
	COLUMN2(ACT, Y11, Y13, Y9, Y12, Y14, Y10, pass2); \
	JZ   right2; \
third: \
	COLUMN2(ACT, Y13, Y9, Y11, Y14, Y10, Y12, pass3); \
	JNZ  first; \
	RIGHT(first); \
right1: \
	RIGHT(second); \
right2: \
	RIGHT(third); \
	BLOCKDONE(32)

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
	BEGIN(32); \
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
	BLOCKDONE(32)

// func sparseAVX2(s *Strip, from, to int)
TEXT ·sparseAVX2(SB), NOSPLIT, $96-24
	SPARSE(LOWEST, CLAMP)

// func sparseSlopeAVX2(s *Strip, from, to int)
TEXT ·sparseSlopeAVX2(SB), NOSPLIT, $96-24
	SPARSE(SLOPE, RECTIFY)

// WIDETAPS is TAPS of a row of five; WIDECOLUMN a column of five rows, of which A is complete then.
#define WIDETAPS(P, S, W0, W1, W2, W3, W4, A, B, C, D, E) \
	LOAD(P, S, Y15); \
	VFMADD231PS W4, Y15, A; \
	VFMADD231PS W3, Y15, B; \
	VFMADD231PS W2, Y15, C; \
	VFMADD231PS W1, Y15, D; \
	VFMADD231PS W0, Y15, E

#define WIDECOLUMN(A, B, C, D, E, PASS) \
	VMOVUPS bias-64(SP), E; \
	WIDETAPS(AX, R8, Y0, Y1, Y2, Y3, Y4, A, B, C, D, E); \
	WIDETAPS(BX, R9, Y5, Y6, Y7, Y8, Y9, A, B, C, D, E); \
	WIDETAPS(CX, R10, 0(BP), 32(BP), 64(BP), 96(BP), 128(BP), A, B, C, D, E); \
	WIDETAPS(DX, R11, 160(BP), 192(BP), 224(BP), 256(BP), 288(BP), A, B, C, D, E); \
	WIDETAPS(DI, R15, 320(BP), 352(BP), 384(BP), 416(BP), 448(BP), A, B, C, D, E); \
	DECQ R14; \
	JGE  PASS; \
	CLAMP(A); \
	VMOVUPS A, (SI); \
	ADDQ R12, SI; \
PASS: \
	DECQ R13

#define WIDERIGHT(NEXT) \
	MOVQ right-16(SP), R13; \
	TESTQ R13, R13; \
	JZ   blockdone; \
	MOVQ $0, right-16(SP); \
	LEAQ nothing<>(SB), AX; \
	MOVQ AX, BX; \
	MOVQ AX, CX; \
	MOVQ AX, DX; \
	MOVQ AX, DI; \
	XORL R8, R8; \
	XORL R9, R9; \
	XORL R10, R10; \
	XORL R11, R11; \
	XORL R15, R15; \
	JMP  NEXT

// func wideAVX2(s *Strip, from, to int)
// BP is where the weights are in the frame, aligned, since loads across two lines of the cache count twice.
TEXT ·wideAVX2(SB), NOSPLIT, $608-24
	BEGIN(32)
	LEAQ frame-577(SP), BP
	ANDQ $~31, BP

block:
	WEIGHTS
	WEIGHT(Y0)
	WEIGHT(Y1)
	WEIGHT(Y2)
	WEIGHT(Y3)
	WEIGHT(Y4)
	WEIGHT(Y5)
	WEIGHT(Y6)
	WEIGHT(Y7)
	WEIGHT(Y8)
	WEIGHT(Y9)
	FAR(0(BP))
	FAR(32(BP))
	FAR(64(BP))
	FAR(96(BP))
	FAR(128(BP))
	FAR(160(BP))
	FAR(192(BP))
	FAR(224(BP))
	FAR(256(BP))
	FAR(288(BP))
	FAR(320(BP))
	FAR(352(BP))
	FAR(384(BP))
	FAR(416(BP))
	FAR(448(BP))
	MOVQ Strip_Bias(DI), AX
	VMOVUPS (AX)(R15*1), Y10
	VMOVUPS Y10, bias-64(SP)
	VMOVAPS Y10, Y11
	VMOVAPS Y10, Y12
	VMOVAPS Y10, Y13
	VMOVAPS Y10, Y14
	LOWEST
	PLACES(5)
	ROW(0, AX, R8)
	ROW(1, BX, R9)
	ROW(2, CX, R10)
	ROW(3, DX, R11)
	MOVQ (Strip_Steps+32)(DI), R13
	MOVQ (Strip_In+96)(DI), DI
	ADDQ R15, DI
	MOVQ R13, R15
	SHLQ $2, R15
	MOVQ s+0(FP), R13
	MOVQ Strip_Columns(R13), R13

first:
	WIDECOLUMN(Y10, Y11, Y12, Y13, Y14, pass1)
	JZ right1

second:
	WIDECOLUMN(Y11, Y12, Y13, Y14, Y10, pass2)
	JZ right2

third:
	WIDECOLUMN(Y12, Y13, Y14, Y10, Y11, pass3)
	JZ right3

fourth:
	WIDECOLUMN(Y13, Y14, Y10, Y11, Y12, pass4)
	JZ right4

fifth:
	WIDECOLUMN(Y14, Y10, Y11, Y12, Y13, pass5)
	JNZ first
	WIDERIGHT(first)

right1:
	WIDERIGHT(second)

right2:
	WIDERIGHT(third)

right3:
	WIDERIGHT(fourth)

right4:
	WIDERIGHT(fifth)

	BLOCKDONE(32)
