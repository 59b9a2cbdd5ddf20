#include "textflag.h"
#include "go_asm.h"

DATA hardswish<>+0(SB)/4, $0x40400000 // 3
DATA hardswish<>+4(SB)/4, $0x40c00000 // 6
GLOBL hardswish<>(SB), RODATA|NOPTR, $8

// The tile keeps 6 pixels × 16 channels in Y0…Y11. Each step of depth loads two vectors of weights, spreads one value of
// each pixel and multiplies: 12 multiply-adds for 8 loads, so that the multipliers are the limit, not the loads.

// STEP multiplies the weights at W bytes with the pixels' values at V bytes.
#define STEP(W, V) \
	VMOVUPS W(R11), Y12; \
	VMOVUPS (W+32)(R11), Y13; \
	VBROADCASTSS V(AX), Y14; \
	VBROADCASTSS V(BX), Y15; \
	VFMADD231PS Y12, Y14, Y0; \
	VFMADD231PS Y13, Y14, Y1; \
	VFMADD231PS Y12, Y15, Y2; \
	VFMADD231PS Y13, Y15, Y3; \
	VBROADCASTSS V(CX), Y14; \
	VBROADCASTSS V(R12), Y15; \
	VFMADD231PS Y12, Y14, Y4; \
	VFMADD231PS Y13, Y14, Y5; \
	VFMADD231PS Y12, Y15, Y6; \
	VFMADD231PS Y13, Y15, Y7; \
	VBROADCASTSS V(R13), Y14; \
	VBROADCASTSS V(R15), Y15; \
	VFMADD231PS Y12, Y14, Y8; \
	VFMADD231PS Y13, Y14, Y9; \
	VFMADD231PS Y12, Y15, Y10; \
	VFMADD231PS Y13, Y15, Y11

// POINT loads the place of a pixel's values.
#define POINT(OFFSET, R) \
	MOVLQSX OFFSET(R8), R; \
	LEAQ (DX)(R*4), R

// RESIDUAL adds a pixel's residual to its two accumulators.
#define RESIDUAL(A, B) \
	VADDPS (AX), A, A; \
	VADDPS 32(AX), B, B; \
	LEAQ (AX)(BX*4), AX

// RECTIFY is max(x, 0) + slope·min(x, 0) with zero in Y14 and the slopes in Y12, Y13. The order of VMAXPS's operands
// lets NaN through.
#define RECTIFY(A, B) \
	VMAXPS A, Y14, Y15; \
	VMINPS A, Y14, A; \
	VFMADD213PS Y15, Y12, A; \
	VMAXPS B, Y14, Y15; \
	VMINPS B, Y14, B; \
	VFMADD213PS Y15, Y13, B

#define STORE(A, B) \
	VMOVUPS A, (AX); \
	VMOVUPS B, 32(AX); \
	LEAQ (AX)(BX*4), AX

// func tilesAVX2(t *Tile, count int)
// The place in Out and in Residual lives in the frame, since every register holds something else.
TEXT ·tilesAVX2(SB), NOSPLIT, $24-16
	MOVQ t+0(FP), DI
	MOVQ count+8(FP), AX
	MOVQ AX, left-8(SP)
	MOVQ Tile_Out(DI), AX
	MOVQ AX, out-16(SP)
	MOVQ Tile_Residual(DI), AX
	MOVQ AX, residual-24(SP)
	MOVQ Tile_Base(DI), DX
	MOVQ Tile_Offsets(DI), R8

tile:
	MOVQ Tile_Taps(DI), R9
	MOVQ Tile_Weights(DI), R11
	MOVQ Tile_Bias(DI), SI
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	VMOVAPS Y0, Y8
	VMOVAPS Y1, Y9
	VMOVAPS Y0, Y10
	VMOVAPS Y1, Y11

tap:
	POINT(0, AX)
	POINT(4, BX)
	POINT(8, CX)
	POINT(12, R12)
	POINT(16, R13)
	POINT(20, R15)
	ADDQ $24, R8
	MOVQ Tile_Depth(DI), R10
	SUBQ $4, R10
	JLT  rest

four:
	STEP(0, 0)
	STEP(64, 4)
	STEP(128, 8)
	STEP(192, 12)
	ADDQ $16, AX
	ADDQ $16, BX
	ADDQ $16, CX
	ADDQ $16, R12
	ADDQ $16, R13
	ADDQ $16, R15
	ADDQ $256, R11
	SUBQ $4, R10
	JGE  four

rest:
	ADDQ $4, R10
	JZ   tapdone

one:
	STEP(0, 0)
	ADDQ $4, AX
	ADDQ $4, BX
	ADDQ $4, CX
	ADDQ $4, R12
	ADDQ $4, R13
	ADDQ $4, R15
	ADDQ $64, R11
	DECQ R10
	JNZ  one

tapdone:
	DECQ R9
	JNZ  tap

	MOVQ  residual-24(SP), AX
	TESTQ AX, AX
	JZ    slope
	MOVQ  Tile_ResidualPitch(DI), BX
	RESIDUAL(Y0, Y1)
	RESIDUAL(Y2, Y3)
	RESIDUAL(Y4, Y5)
	RESIDUAL(Y6, Y7)
	RESIDUAL(Y8, Y9)
	RESIDUAL(Y10, Y11)
	MOVQ AX, residual-24(SP)

slope:
	MOVQ  Tile_Slope(DI), AX
	TESTQ AX, AX
	JZ    store
	VMOVUPS (AX), Y12
	VMOVUPS 32(AX), Y13
	VXORPS Y14, Y14, Y14
	RECTIFY(Y0, Y1)
	RECTIFY(Y2, Y3)
	RECTIFY(Y4, Y5)
	RECTIFY(Y6, Y7)
	RECTIFY(Y8, Y9)
	RECTIFY(Y10, Y11)

store:
	MOVQ out-16(SP), AX
	MOVQ Tile_OutPitch(DI), BX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	MOVQ AX, out-16(SP)
	DECQ left-8(SP)
	JNZ  tile
	VZEROUPPER
	RET

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
	JZ    dwstore
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

// func addVectors(out, a, b *float32, n int)
TEXT ·addVectors(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

addloop:
	VMOVUPS (SI)(AX*4), Y0
	VADDPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  addloop
	VZEROUPPER
	RET

// func mulVectors(out, a, b *float32, n int)
TEXT ·mulVectors(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

mulloop:
	VMOVUPS (SI)(AX*4), Y0
	VMULPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  mulloop
	VZEROUPPER
	RET

// func mulAddVectors(out, a, s, b *float32, n int)
TEXT ·mulAddVectors(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ s+16(FP), BX
	MOVQ b+24(FP), DX
	MOVQ n+32(FP), CX
	XORQ AX, AX

mulAddloop:
	VMOVUPS (SI)(AX*4), Y0
	VMOVUPS (DX)(AX*4), Y1
	VFMADD231PS (BX)(AX*4), Y0, Y1
	VMOVUPS Y1, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  mulAddloop
	VZEROUPPER
	RET

// func maxVectors(out, a, b *float32, n int)
TEXT ·maxVectors(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

maxloop:
	VMOVUPS (DX)(AX*4), Y1
	VMOVUPS (SI)(AX*4), Y0
	VMAXPS  Y0, Y1, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  maxloop
	VZEROUPPER
	RET

// func hardSwishVectors(out, x *float32, n int, scale, shift float32)
TEXT ·hardSwishVectors(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y2
	VBROADCASTSS shift+28(FP), Y3
	VBROADCASTSS hardswish<>+0(SB), Y4
	VBROADCASTSS hardswish<>+4(SB), Y5
	VXORPS Y6, Y6, Y6
	XORQ AX, AX

hsloop:
	VMOVUPS (SI)(AX*4), Y0
	VADDPS  Y4, Y0, Y1
	VMAXPS  Y1, Y6, Y1
	VMINPS  Y1, Y5, Y1
	VMULPS  Y2, Y0, Y0
	VFMADD213PS Y3, Y1, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  hsloop
	VZEROUPPER
	RET

// func interleaveVectors(out, a, b *float32, n int)
TEXT ·interleaveVectors(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	XORQ AX, AX

illoop:
	VMOVUPS (SI)(AX*4), Y0
	VMOVUPS (DX)(AX*4), Y1
	VUNPCKLPS Y1, Y0, Y2
	VUNPCKHPS Y1, Y0, Y3
	VPERM2F128 $0x20, Y3, Y2, Y4
	VPERM2F128 $0x31, Y3, Y2, Y5
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	ADDQ $64, DI
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  illoop
	VZEROUPPER
	RET

// The constants of Exp, see there; the last two are the ends of its range.
DATA expdata<>+0(SB)/4, $0x3fb8aa3b  // log2 e
DATA expdata<>+4(SB)/4, $0x3f318000  // ln 2, high part
DATA expdata<>+8(SB)/4, $0xb95e8083  // ln 2, low part
DATA expdata<>+12(SB)/4, $0x39506967 // 1.9875691500e-4
DATA expdata<>+16(SB)/4, $0x3ab743ce // 1.3981999507e-3
DATA expdata<>+20(SB)/4, $0x3c088908 // 8.3334519073e-3
DATA expdata<>+24(SB)/4, $0x3d2aa9c1 // 4.1665795894e-2
DATA expdata<>+28(SB)/4, $0x3e2aaaaa // 1.6666665459e-1
DATA expdata<>+32(SB)/4, $0x3f000000 // 5.0000001201e-1
DATA expdata<>+36(SB)/4, $0x3f800000 // 1
DATA expdata<>+40(SB)/4, $0x0000007f // 127
DATA expdata<>+44(SB)/4, $0x42b0bd71 // 88.37
DATA expdata<>+48(SB)/4, $0xc2ae999a // -87.3
DATA expdata<>+52(SB)/4, $0x7f800000 // +Inf
GLOBL expdata<>(SB), RODATA|NOPTR, $56

// func expVectors(out, x *float32, n int)
TEXT ·expVectors(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX
	VBROADCASTSS expdata<>+0(SB), Y15
	VBROADCASTSS expdata<>+4(SB), Y14
	VBROADCASTSS expdata<>+8(SB), Y13
	VBROADCASTSS expdata<>+12(SB), Y12
	VBROADCASTSS expdata<>+16(SB), Y11
	VBROADCASTSS expdata<>+20(SB), Y10
	VBROADCASTSS expdata<>+24(SB), Y9
	VBROADCASTSS expdata<>+28(SB), Y8
	VBROADCASTSS expdata<>+32(SB), Y7
	VBROADCASTSS expdata<>+36(SB), Y6

exploop:
	VMOVUPS  (SI)(AX*4), Y0
	VMULPS   Y15, Y0, Y1
	VROUNDPS $0, Y1, Y1        // n = round(x·log2 e)
	VMOVAPS  Y0, Y2
	VFNMADD231PS Y14, Y1, Y2
	VFNMADD231PS Y13, Y1, Y2   // r = x − n·ln 2
	VMOVAPS  Y12, Y3
	VFMADD213PS Y11, Y2, Y3
	VFMADD213PS Y10, Y2, Y3
	VFMADD213PS Y9, Y2, Y3
	VFMADD213PS Y8, Y2, Y3
	VFMADD213PS Y7, Y2, Y3
	VMULPS   Y2, Y2, Y4
	VFMADD213PS Y2, Y4, Y3     // p·r² + r
	VADDPS   Y6, Y3, Y3
	VCVTPS2DQ Y1, Y1
	VPBROADCASTD expdata<>+40(SB), Y4
	VPADDD   Y4, Y1, Y1
	VPSLLD   $23, Y1, Y1
	VMULPS   Y1, Y3, Y3
	VBROADCASTSS expdata<>+44(SB), Y4
	VBROADCASTSS expdata<>+52(SB), Y5
	VCMPPS   $0x0e, Y4, Y0, Y4 // x > 88.37
	VBLENDVPS Y4, Y5, Y3, Y3
	VBROADCASTSS expdata<>+48(SB), Y4
	VCMPPS   $0x0d, Y4, Y0, Y5 // x ≥ −87.3
	VCMPPS   $0x03, Y0, Y0, Y4 // x is no number
	VANDPS   Y5, Y3, Y3
	VBLENDVPS Y4, Y0, Y3, Y3
	VMOVUPS  Y3, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  exploop
	VZEROUPPER
	RET

// func rowAVX2(r *Row)
// Nine weights in Y0…Y8, bias in Y9, slope in Y10 and zero in Y11: a pixel takes nine loads and nine multiply-adds.
// Successive pixels don't depend on each other, so the processor overlaps them.
TEXT ·rowAVX2(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), DI
	MOVQ Row_In(DI), AX
	MOVQ (Row_In+24)(DI), BX
	MOVQ (Row_In+48)(DI), CX
	MOVQ Row_Tap(DI), DX
	MOVQ Row_Step(DI), R8
	MOVQ Row_Out(DI), R9
	MOVQ Row_OutPitch(DI), R10
	MOVQ Row_Count(DI), R11
	MOVQ Row_Weights(DI), SI
	MOVQ Row_WeightPitch(DI), R12
	SHLQ $2, DX
	SHLQ $2, R8
	SHLQ $2, R10
	SHLQ $2, R12
	VMOVUPS (SI), Y0
	ADDQ R12, SI
	VMOVUPS (SI), Y1
	ADDQ R12, SI
	VMOVUPS (SI), Y2
	ADDQ R12, SI
	VMOVUPS (SI), Y3
	ADDQ R12, SI
	VMOVUPS (SI), Y4
	ADDQ R12, SI
	VMOVUPS (SI), Y5
	ADDQ R12, SI
	VMOVUPS (SI), Y6
	ADDQ R12, SI
	VMOVUPS (SI), Y7
	ADDQ R12, SI
	VMOVUPS (SI), Y8
	MOVQ Row_Bias(DI), SI
	VMOVUPS (SI), Y9
	MOVQ Row_Slope(DI), SI
	TESTQ SI, SI
	JZ    rowplain
	VMOVUPS (SI), Y10
	VXORPS Y11, Y11, Y11

rowslope:
	VMOVAPS Y9, Y12
	VFMADD231PS (AX), Y0, Y12
	VFMADD231PS (AX)(DX*1), Y1, Y12
	VFMADD231PS (AX)(DX*2), Y2, Y12
	VFMADD231PS (BX), Y3, Y12
	VFMADD231PS (BX)(DX*1), Y4, Y12
	VFMADD231PS (BX)(DX*2), Y5, Y12
	VFMADD231PS (CX), Y6, Y12
	VFMADD231PS (CX)(DX*1), Y7, Y12
	VFMADD231PS (CX)(DX*2), Y8, Y12
	VMAXPS Y12, Y11, Y13
	VMINPS Y12, Y11, Y12
	VFMADD213PS Y13, Y10, Y12
	VMOVUPS Y12, (R9)
	ADDQ R8, AX
	ADDQ R8, BX
	ADDQ R8, CX
	ADDQ R10, R9
	DECQ R11
	JNZ  rowslope
	VZEROUPPER
	RET

rowplain:
	VMOVAPS Y9, Y12
	VFMADD231PS (AX), Y0, Y12
	VFMADD231PS (AX)(DX*1), Y1, Y12
	VFMADD231PS (AX)(DX*2), Y2, Y12
	VFMADD231PS (BX), Y3, Y12
	VFMADD231PS (BX)(DX*1), Y4, Y12
	VFMADD231PS (BX)(DX*2), Y5, Y12
	VFMADD231PS (CX), Y6, Y12
	VFMADD231PS (CX)(DX*1), Y7, Y12
	VFMADD231PS (CX)(DX*2), Y8, Y12
	VMOVUPS Y12, (R9)
	ADDQ R8, AX
	ADDQ R8, BX
	ADDQ R8, CX
	ADDQ R10, R9
	DECQ R11
	JNZ  rowplain
	VZEROUPPER
	RET
