#include "textflag.h"
#include "go_asm.h"
#include "strip_amd64.h"

// A strip goes through the columns of its rows of input from left to right, 16 channels at a time, with all weights of
// the kernel in registers: each column is loaded once and multiplied into the sums of the outputs that it belongs to,
// three with a kernel of 3 and five with one of 5. Sums that are complete are stored and begin anew. Where the kernel
// reaches beyond the left side of the picture, the first outputs are passed over; on the right there are zeros. Lanes
// beyond the last channel are masked (K1).
//
// 3 × 3: weights Z0…Z8, sums Z9…Z14, inputs Z15…Z18, bias Z19, slope Z20, the lowest output or zero Z21.
// 5 × 5: weights Z0…Z24, sums Z25…Z29, inputs and the rest Z30, Z31 and the frame.
// AX, BX, CX, DX and R15 or DI are the rows, R8…R11 and BP their steps, SI and DI where outputs go, R12 the distance from
// output to output, R13 the columns to go, R14 the outputs to pass over.

// nothing is a line of zeros, for the columns on the right.
GLOBL nothing<>(SB), RODATA|NOPTR, $64

// CLAMP is max(x, low), RECTIFY max(x, 0) + slope·min(x, 0); both let NaN through.
#define CLAMP(A) VMAXPS A, Z21, A
#define RECTIFY(A) VMAXPS A, Z21, Z22; VMINPS A, Z21, A; VFMADD213PS Z22, Z20, A

#define LOAD(P, S, V) VMOVUPS.Z (P), K1, V; ADDQ S, P

// TAPS multiplies a row's column with the taps of a row of the kernel into the sums of three outputs.
#define TAPS(IN, W0, W1, W2, A, B, C) VFMADD231PS W2, IN, A; VFMADD231PS W1, IN, B; VFMADD231PS W0, IN, C

// COLUMN1 is a column of the three rows of an output, of which A is complete then; COLUMN2 of four rows, which two rows
// of output share.
#define COLUMN1(ACT, A, B, C, PASS) \
	LOAD(AX, R8, Z15); \
	LOAD(BX, R9, Z16); \
	LOAD(CX, R10, Z17); \
	VMOVAPS Z19, C; \
	TAPS(Z15, Z0, Z1, Z2, A, B, C); \
	TAPS(Z16, Z3, Z4, Z5, A, B, C); \
	TAPS(Z17, Z6, Z7, Z8, A, B, C); \
	DECQ R14; \
	JGE  PASS; \
	ACT(A); \
	VMOVUPS A, K1, (SI); \
	ADDQ R12, SI; \
PASS: \
	DECQ R13

#define COLUMN2(ACT, A, B, C, D, E, F, PASS) \
	LOAD(AX, R8, Z15); \
	LOAD(BX, R9, Z16); \
	LOAD(CX, R10, Z17); \
	LOAD(DX, R11, Z18); \
	VMOVAPS Z19, C; \
	VMOVAPS Z19, F; \
	TAPS(Z15, Z0, Z1, Z2, A, B, C); \
	TAPS(Z16, Z0, Z1, Z2, D, E, F); \
	TAPS(Z16, Z3, Z4, Z5, A, B, C); \
	TAPS(Z17, Z3, Z4, Z5, D, E, F); \
	TAPS(Z17, Z6, Z7, Z8, A, B, C); \
	TAPS(Z18, Z6, Z7, Z8, D, E, F); \
	DECQ R14; \
	JGE  PASS; \
	ACT(A); \
	ACT(D); \
	VMOVUPS A, K1, (SI); \
	VMOVUPS D, K1, (DI); \
	ADDQ R12, SI; \
	ADDQ R12, DI; \
PASS: \
	DECQ R13

// MASK sets K1 for the 16 channels from byte R15 on, or those that are left; DI is the strip.
#define MASK \
	MOVQ Strip_Channels(DI), R13; \
	SHLQ $2, R13; \
	SUBQ R15, R13; \
	SHRQ $2, R13; \
	MOVQ $16, AX; \
	CMPQ R13, AX; \
	CMOVQGT AX, R13; \
	MOVQ $-1, AX; \
	BZHIQ R13, AX, AX; \
	KMOVW AX, K1

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

// WEIGHT loads a tap at R13 and goes on to the next, R14 bytes further.
#define WEIGHT(V) VMOVUPS.Z (R13), K1, V; ADDQ R14, R13
#define WEIGHTS \
	MOVQ Strip_Weights(DI), R13; \
	ADDQ R15, R13; \
	MOVQ Strip_WeightPitch(DI), R14; \
	SHLQ $2, R14

// BLOCK3 begins 16 channels of a kernel of 3 × 3.
#define BLOCK3 \
	MOVQ s+0(FP), DI; \
	MOVQ at-8(SP), R15; \
	MASK; \
	WEIGHTS; \
	WEIGHT(Z0); \
	WEIGHT(Z1); \
	WEIGHT(Z2); \
	WEIGHT(Z3); \
	WEIGHT(Z4); \
	WEIGHT(Z5); \
	WEIGHT(Z6); \
	WEIGHT(Z7); \
	WEIGHT(Z8); \
	MOVQ Strip_Bias(DI), AX; \
	VMOVUPS.Z (AX)(R15*1), K1, Z19; \
	VMOVAPS Z19, Z9; \
	VMOVAPS Z19, Z10; \
	VMOVAPS Z19, Z11; \
	VMOVAPS Z19, Z12; \
	VMOVAPS Z19, Z13; \
	VMOVAPS Z19, Z14; \
	PLACES(3); \
	ROW(0, AX, R8, R15); \
	ROW(1, BX, R9, R15); \
	ROW(2, CX, R10, R15)

// LOWEST and SLOPE load what the activation needs; DI is the strip, R15 the place of the channels.
#define LOWEST VBROADCASTSS Strip_Low(DI), Z21
#define SLOPE \
	VXORPS Z21, Z21, Z21; \
	MOVQ Strip_Slope(DI), DX; \
	VMOVUPS.Z (DX)(R15*1), K1, Z20

// BLOCKDONE goes on to the next 16 channels.
#define BLOCKDONE \
blockdone: \
	MOVQ s+0(FP), DI; \
	MOVQ Strip_Channels(DI), AX; \
	SHLQ $2, AX; \
	ADDQ $64, at-8(SP); \
	CMPQ at-8(SP), AX; \
	JLT  block; \
	VZEROUPPER; \
	RET

// STRIP1 is one row of outputs, STRIP2 two, of a kernel of 3 × 3.
#define STRIP1(SET, ACT) \
	MOVQ $0, at-8(SP); \
block: \
	BLOCK3; \
	SET; \
	ROUNDS(COLUMN1(ACT, Z9, Z11, Z13, pass1), COLUMN1(ACT, Z11, Z13, Z9, pass2), COLUMN1(ACT, Z13, Z9, Z11, pass3)); \
	BLOCKDONE

#define STRIP2(SET, ACT) \
	MOVQ $0, at-8(SP); \
block: \
	BLOCK3; \
	SET; \
	ROW(3, DX, R11, R15); \
	MOVQ (Strip_Out+24)(DI), DI; \
	ADDQ R15, DI; \
	ROUNDS(COLUMN2(ACT, Z9, Z11, Z13, Z10, Z12, Z14, pass1), COLUMN2(ACT, Z11, Z13, Z9, Z12, Z14, Z10, pass2), COLUMN2(ACT, Z13, Z9, Z11, Z14, Z10, Z12, pass3)); \
	BLOCKDONE

// func strip1AVX512(s *Strip)
TEXT ·strip1AVX512(SB), NOSPLIT, $16-8
	STRIP1(LOWEST, CLAMP)

// func strip1SlopeAVX512(s *Strip)
TEXT ·strip1SlopeAVX512(SB), NOSPLIT, $16-8
	STRIP1(SLOPE, RECTIFY)

// func strip2AVX512(s *Strip)
TEXT ·strip2AVX512(SB), NOSPLIT, $16-8
	STRIP2(LOWEST, CLAMP)

// func strip2SlopeAVX512(s *Strip)
TEXT ·strip2SlopeAVX512(SB), NOSPLIT, $16-8
	STRIP2(SLOPE, RECTIFY)

// INPUT loads a column of three rows.
#define INPUT \
	LOAD(AX, R8, Z15); \
	LOAD(BX, R9, Z16); \
	LOAD(CX, R10, Z17)

// SPARSE is one row of outputs two columns apart. Their windows share a column: the last of one is the first of the next.
// R14 is the outputs to go; the last may lack its last column, which is padding then.
#define SPARSE(SET, ACT) \
	MOVQ $0, at-8(SP); \
block: \
	BLOCK3; \
	SET; \
	MOVQ Strip_Count(DI), R14; \
	CMPQ Strip_Left(DI), $0; \
	JNE  outputs; \
	INPUT; \
	VFMADD231PS Z0, Z15, Z9; \
	VFMADD231PS Z3, Z16, Z9; \
	VFMADD231PS Z6, Z17, Z9; \
outputs: \
	INPUT; \
	VFMADD231PS Z1, Z15, Z9; \
	VFMADD231PS Z4, Z16, Z9; \
	VFMADD231PS Z7, Z17, Z9; \
	DECQ R14; \
	JNZ  column; \
	CMPQ right-16(SP), $0; \
	JNE  store; \
column: \
	INPUT; \
	VMOVAPS Z19, Z10; \
	VFMADD231PS Z2, Z15, Z9; \
	VFMADD231PS Z5, Z16, Z9; \
	VFMADD231PS Z8, Z17, Z9; \
	VFMADD231PS Z0, Z15, Z10; \
	VFMADD231PS Z3, Z16, Z10; \
	VFMADD231PS Z6, Z17, Z10; \
store: \
	ACT(Z9); \
	VMOVUPS Z9, K1, (SI); \
	ADDQ R12, SI; \
	VMOVAPS Z10, Z9; \
	TESTQ R14, R14; \
	JNZ  outputs; \
	BLOCKDONE

// func sparseAVX512(s *Strip)
TEXT ·sparseAVX512(SB), NOSPLIT, $16-8
	SPARSE(LOWEST, CLAMP)

// func sparseSlopeAVX512(s *Strip)
TEXT ·sparseSlopeAVX512(SB), NOSPLIT, $16-8
	SPARSE(SLOPE, RECTIFY)

// WIDETAPS is TAPS of a row of five; WIDECOLUMN a column of five rows, of which A is complete then.
#define WIDETAPS(P, S, IN, W0, W1, W2, W3, W4, A, B, C, D, E) \
	LOAD(P, S, IN); \
	VFMADD231PS W4, IN, A; \
	VFMADD231PS W3, IN, B; \
	VFMADD231PS W2, IN, C; \
	VFMADD231PS W1, IN, D; \
	VFMADD231PS W0, IN, E

#define WIDECOLUMN(A, B, C, D, E, PASS) \
	VMOVUPS bias-96(SP), E; \
	WIDETAPS(AX, R8, Z30, Z0, Z1, Z2, Z3, Z4, A, B, C, D, E); \
	WIDETAPS(BX, R9, Z31, Z5, Z6, Z7, Z8, Z9, A, B, C, D, E); \
	WIDETAPS(CX, R10, Z30, Z10, Z11, Z12, Z13, Z14, A, B, C, D, E); \
	WIDETAPS(DX, R11, Z31, Z15, Z16, Z17, Z18, Z19, A, B, C, D, E); \
	WIDETAPS(DI, R15, Z30, Z20, Z21, Z22, Z23, Z24, A, B, C, D, E); \
	DECQ R14; \
	JGE  PASS; \
	VBROADCASTSS low-24(SP), Z31; \
	VMAXPS A, Z31, A; \
	VMOVUPS A, K1, (SI); \
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

// func wideAVX512(s *Strip)
TEXT ·wideAVX512(SB), NOSPLIT, $96-8
	MOVQ $0, at-8(SP)

block:
	MOVQ s+0(FP), DI
	MOVQ at-8(SP), R15
	MASK
	WEIGHTS
	WEIGHT(Z0)
	WEIGHT(Z1)
	WEIGHT(Z2)
	WEIGHT(Z3)
	WEIGHT(Z4)
	WEIGHT(Z5)
	WEIGHT(Z6)
	WEIGHT(Z7)
	WEIGHT(Z8)
	WEIGHT(Z9)
	WEIGHT(Z10)
	WEIGHT(Z11)
	WEIGHT(Z12)
	WEIGHT(Z13)
	WEIGHT(Z14)
	WEIGHT(Z15)
	WEIGHT(Z16)
	WEIGHT(Z17)
	WEIGHT(Z18)
	WEIGHT(Z19)
	WEIGHT(Z20)
	WEIGHT(Z21)
	WEIGHT(Z22)
	WEIGHT(Z23)
	WEIGHT(Z24)
	MOVQ Strip_Bias(DI), AX
	VMOVUPS.Z (AX)(R15*1), K1, Z25
	VMOVUPS Z25, bias-96(SP)
	VMOVAPS Z25, Z26
	VMOVAPS Z25, Z27
	VMOVAPS Z25, Z28
	VMOVAPS Z25, Z29
	MOVL Strip_Low(DI), AX
	MOVL AX, low-24(SP)
	PLACES(5)
	ROW(0, AX, R8, R15)
	ROW(1, BX, R9, R15)
	ROW(2, CX, R10, R15)
	ROW(3, DX, R11, R15)
	MOVQ (Strip_Steps+32)(DI), R13
	MOVQ (Strip_In+96)(DI), DI
	ADDQ R15, DI
	MOVQ R13, R15
	SHLQ $2, R15
	MOVQ s+0(FP), R13
	MOVQ Strip_Columns(R13), R13

first:
	WIDECOLUMN(Z25, Z26, Z27, Z28, Z29, pass1)
	JZ right1

second:
	WIDECOLUMN(Z26, Z27, Z28, Z29, Z25, pass2)
	JZ right2

third:
	WIDECOLUMN(Z27, Z28, Z29, Z25, Z26, pass3)
	JZ right3

fourth:
	WIDECOLUMN(Z28, Z29, Z25, Z26, Z27, pass4)
	JZ right4

fifth:
	WIDECOLUMN(Z29, Z25, Z26, Z27, Z28, pass5)
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

	BLOCKDONE
