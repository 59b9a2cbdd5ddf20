#include "textflag.h"
#include "go_asm.h"
#include "avx2_amd64.h"

// func depthwisesAVX2(d *Depthwise, count int)
// 4 pixels × 16 channels in Y0…Y7: two loads of weights serve four pixels.
TEXT ·depthwisesAVX2(SB), NOSPLIT, $0-16
	MOVQ d+0(FP), DI
	MOVQ count+8(FP), R13
	MOVQ Depthwise_Base(DI), DX
	MOVQ Depthwise_Offsets(DI), R8
	MOVQ Depthwise_Out(DI), R15

deep:
	MOVQ Depthwise_Taps(DI), R9
	MOVQ Depthwise_Weights(DI), R11
	MOVQ Depthwise_WeightPitch(DI), R10
	MOVQ Depthwise_Bias(DI), SI
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7

dwtap:
	VMOVUPS (R11), Y12
	VMOVUPS 32(R11), Y13
	LEAQ (R11)(R10*4), R11
	MOVLQSX 0(R8), AX
	MOVLQSX 4(R8), BX
	MOVLQSX 8(R8), CX
	MOVLQSX 12(R8), R12
	ADDQ $16, R8
	VFMADD231PS (DX)(AX*4), Y12, Y0
	VFMADD231PS 32(DX)(AX*4), Y13, Y1
	VFMADD231PS (DX)(BX*4), Y12, Y2
	VFMADD231PS 32(DX)(BX*4), Y13, Y3
	VFMADD231PS (DX)(CX*4), Y12, Y4
	VFMADD231PS 32(DX)(CX*4), Y13, Y5
	VFMADD231PS (DX)(R12*4), Y12, Y6
	VFMADD231PS 32(DX)(R12*4), Y13, Y7
	DECQ R9
	JNZ  dwtap

	MOVQ  Depthwise_Slope(DI), AX
	TESTQ AX, AX
	JNZ   dwrectify
	CMPB  Depthwise_Relu(DI), $0
	JEQ   dwstore
	VXORPS Y14, Y14, Y14
	VMAXPS Y0, Y14, Y0
	VMAXPS Y1, Y14, Y1
	VMAXPS Y2, Y14, Y2
	VMAXPS Y3, Y14, Y3
	VMAXPS Y4, Y14, Y4
	VMAXPS Y5, Y14, Y5
	VMAXPS Y6, Y14, Y6
	VMAXPS Y7, Y14, Y7
	JMP dwstore

dwrectify:
	VMOVUPS (AX), Y12
	VMOVUPS 32(AX), Y13
	VXORPS Y14, Y14, Y14
	RECTIFY(Y0, Y1)
	RECTIFY(Y2, Y3)
	RECTIFY(Y4, Y5)
	RECTIFY(Y6, Y7)

dwstore:
	MOVQ R15, AX
	MOVQ Depthwise_OutPitch(DI), BX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	MOVQ AX, R15
	DECQ R13
	JNZ  deep
	VZEROUPPER
	RET

// ROWSLIDE multiplies the three taps of the kernel's row at AX with eight pixels that are as far apart as taps are, R12
// being three of them: ten loads serve 24 products.
#define ROWSLIDE \
	VMOVUPS (DI), Y8; \
	VMOVUPS (DI)(R14*1), Y9; \
	VMOVUPS (DI)(R14*2), Y10; \
	VMOVUPS (AX), Y11; \
	VMOVUPS (AX)(DX*1), Y12; \
	LEAQ (AX)(DX*4), R15; \
	VFMADD231PS Y11, Y8, Y0; \
	VFMADD231PS Y12, Y8, Y1; \
	VFMADD231PS Y12, Y9, Y0; \
	VMOVUPS (AX)(DX*2), Y11; \
	VMOVUPS (AX)(R12*1), Y12; \
	VFMADD231PS Y11, Y8, Y2; \
	VFMADD231PS Y11, Y9, Y1; \
	VFMADD231PS Y11, Y10, Y0; \
	VFMADD231PS Y12, Y8, Y3; \
	VFMADD231PS Y12, Y9, Y2; \
	VFMADD231PS Y12, Y10, Y1; \
	VMOVUPS (R15), Y11; \
	VMOVUPS (R15)(DX*1), Y12; \
	VFMADD231PS Y11, Y8, Y4; \
	VFMADD231PS Y11, Y9, Y3; \
	VFMADD231PS Y11, Y10, Y2; \
	VFMADD231PS Y12, Y8, Y5; \
	VFMADD231PS Y12, Y9, Y4; \
	VFMADD231PS Y12, Y10, Y3; \
	VMOVUPS (R15)(DX*2), Y11; \
	VMOVUPS (R15)(R12*1), Y12; \
	LEAQ (R15)(DX*4), R15; \
	VFMADD231PS Y11, Y8, Y6; \
	VFMADD231PS Y11, Y9, Y5; \
	VFMADD231PS Y11, Y10, Y4; \
	VFMADD231PS Y12, Y8, Y7; \
	VFMADD231PS Y12, Y9, Y6; \
	VFMADD231PS Y12, Y10, Y5; \
	VMOVUPS (R15), Y11; \
	VMOVUPS (R15)(DX*1), Y12; \
	VFMADD231PS Y11, Y9, Y7; \
	VFMADD231PS Y11, Y10, Y6; \
	VFMADD231PS Y12, Y10, Y7

// ROWTAP multiplies a tap with eight pixels, the first four at AX and the others at R15, and goes on to the next tap. R12
// is three of the pixels' steps.
#define ROWTAP(W) \
	VFMADD231PS (AX), W, Y0; \
	VFMADD231PS (AX)(R8*1), W, Y1; \
	VFMADD231PS (AX)(R8*2), W, Y2; \
	VFMADD231PS (AX)(R12*1), W, Y3; \
	VFMADD231PS (R15), W, Y4; \
	VFMADD231PS (R15)(R8*1), W, Y5; \
	VFMADD231PS (R15)(R8*2), W, Y6; \
	VFMADD231PS (R15)(R12*1), W, Y7; \
	ADDQ DX, AX; \
	ADDQ DX, R15

// ROWRECTIFY is RECTIFY with zero in Y13 and the slopes in Y15.
#define ROWRECTIFY(A) \
	VMAXPS A, Y13, Y14; \
	VMINPS A, Y13, A; \
	VFMADD213PS Y14, Y15, A

// func rowAVX2(r *Row)
// Eight pixels at a time, in Y0…Y7: as many independent sums as two multipliers with a latency of four cycles take. All
// channels of a group come before the next group, so that a line of the cache is used whole and while it is there. A
// last group of fewer than eight pixels is moved back over pixels that are done already, and so are the last channels; a
// row of fewer is done pixel by pixel.
TEXT ·rowAVX2(SB), NOSPLIT, $40-8
	MOVQ r+0(FP), DI
	MOVQ Row_Out(DI), AX
	MOVQ AX, out-8(SP)
	MOVQ Row_Count(DI), AX
	MOVQ AX, left-16(SP)
	MOVQ $0, at-24(SP)        // of the group in the input, in bytes
	MOVQ Row_Channels(DI), AX
	SHLQ $2, AX
	SUBQ $32, AX
	MOVQ AX, last-32(SP)
	MOVQ Row_WeightRow(DI), AX
	SHLQ $2, AX
	MOVQ AX, weights-40(SP)
	MOVQ Row_Tap(DI), DX
	MOVQ Row_Step(DI), R8
	MOVQ Row_OutPitch(DI), R10
	MOVQ Row_WeightPitch(DI), R14
	MOVQ Row_Bias(DI), R13
	SHLQ $2, DX
	SHLQ $2, R8
	SHLQ $2, R10
	SHLQ $2, R14
	VXORPS Y13, Y13, Y13

rowgroup:
	XORQ R11, R11             // the block of channels, in bytes

rowblock:
	MOVQ r+0(FP), BX
	MOVQ Row_Weights(BX), DI
	MOVQ Row_Rows(BX), CX
	ADDQ R11, DI
	VMOVUPS (R13)(R11*1), Y0
	LEAQ (R8)(R8*2), R12
	CMPQ left-16(SP), $8
	JLT  rowone
	VMOVAPS Y0, Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y0, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y0, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y0, Y7

rowrow:
	MOVQ Row_In(BX), AX
	ADDQ at-24(SP), AX
	ADDQ R11, AX
	MOVQ r+0(FP), R9
	MOVQ Row_Taps(R9), R9
	ADDQ $24, BX
	CMPQ R9, $3
	JNE  rowtap
	CMPQ DX, R8
	JNE  rowthree
	ROWSLIDE
	ADDQ weights-40(SP), DI
	DECQ CX
	JNZ  rowrow
	JMP  rowsums

rowthree:
	VMOVUPS (DI), Y8
	VMOVUPS (DI)(R14*1), Y9
	VMOVUPS (DI)(R14*2), Y10
	LEAQ (AX)(R8*4), R15
	ROWTAP(Y8)
	ROWTAP(Y9)
	ROWTAP(Y10)
	ADDQ weights-40(SP), DI
	DECQ CX
	JNZ  rowrow
	JMP  rowsums

rowtap:
	MOVQ DI, SI
	LEAQ (AX)(R8*4), R15

rowtaps:
	VMOVUPS (SI), Y8
	ROWTAP(Y8)
	ADDQ R14, SI
	DECQ R9
	JNZ  rowtaps
	ADDQ weights-40(SP), DI
	DECQ CX
	JNZ  rowrow

rowsums:
	MOVQ r+0(FP), BX
	MOVQ Row_Slope(BX), SI
	TESTQ SI, SI
	JNZ   rowrectify
	CMPB  Row_Relu(BX), $0
	JEQ   rowstore
	VMAXPS Y0, Y13, Y0
	VMAXPS Y1, Y13, Y1
	VMAXPS Y2, Y13, Y2
	VMAXPS Y3, Y13, Y3
	VMAXPS Y4, Y13, Y4
	VMAXPS Y5, Y13, Y5
	VMAXPS Y6, Y13, Y6
	VMAXPS Y7, Y13, Y7
	JMP rowstore

rowrectify:
	VMOVUPS (SI)(R11*1), Y15
	ROWRECTIFY(Y0)
	ROWRECTIFY(Y1)
	ROWRECTIFY(Y2)
	ROWRECTIFY(Y3)
	ROWRECTIFY(Y4)
	ROWRECTIFY(Y5)
	ROWRECTIFY(Y6)
	ROWRECTIFY(Y7)

rowstore:
	MOVQ out-8(SP), R9
	ADDQ R11, R9
	LEAQ (R10)(R10*2), R12
	LEAQ (R9)(R10*4), R15
	VMOVUPS Y0, (R9)
	VMOVUPS Y1, (R9)(R10*1)
	VMOVUPS Y2, (R9)(R10*2)
	VMOVUPS Y3, (R9)(R12*1)
	VMOVUPS Y4, (R15)
	VMOVUPS Y5, (R15)(R10*1)
	VMOVUPS Y6, (R15)(R10*2)
	VMOVUPS Y7, (R15)(R12*1)
	CMPQ R11, last-32(SP)
	JEQ  rownext
	ADDQ $32, R11
	CMPQ R11, last-32(SP)
	JLE  rowblock
	MOVQ last-32(SP), R11
	JMP  rowblock

rownext:
	MOVQ left-16(SP), R11
	SUBQ $8, R11
	JZ   rowdone
	MOVQ $8, R12
	CMPQ R11, $8
	JGE  rowmove
	MOVQ R11, R12             // a last group goes on by what is left
	MOVQ $8, R11

rowmove:
	MOVQ R11, left-16(SP)
	MOVQ R12, R15
	IMULQ R10, R15
	ADDQ R15, out-8(SP)
	IMULQ R8, R12
	ADDQ R12, at-24(SP)
	JMP  rowgroup

rowone:
	MOVQ Row_In(BX), AX
	ADDQ at-24(SP), AX
	ADDQ R11, AX
	MOVQ r+0(FP), R9
	MOVQ Row_Taps(R9), R9

	MOVQ DI, SI

rowonetap:
	VMOVUPS (SI), Y8
	VFMADD231PS (AX), Y8, Y0
	ADDQ R14, SI
	ADDQ DX, AX
	DECQ R9
	JNZ  rowonetap
	ADDQ weights-40(SP), DI
	ADDQ $24, BX
	DECQ CX
	JNZ  rowone
	MOVQ r+0(FP), BX
	MOVQ Row_Slope(BX), SI
	TESTQ SI, SI
	JNZ   rowonerectify
	CMPB  Row_Relu(BX), $0
	JEQ   rowwrite
	VMAXPS Y0, Y13, Y0
	JMP rowwrite

rowonerectify:
	VMOVUPS (SI)(R11*1), Y15
	ROWRECTIFY(Y0)

rowwrite:
	MOVQ out-8(SP), R9
	VMOVUPS Y0, (R9)(R11*1)
	CMPQ R11, last-32(SP)
	JEQ  rowpixel
	ADDQ $32, R11
	CMPQ R11, last-32(SP)
	JLE  rowblock
	MOVQ last-32(SP), R11
	JMP  rowblock

rowpixel:
	ADDQ R8, at-24(SP)
	ADDQ R10, out-8(SP)
	DECQ left-16(SP)
	JNZ  rowgroup

rowdone:
	VZEROUPPER
	RET
