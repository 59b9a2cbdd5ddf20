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

// func tileAVX2(t *Tile)
TEXT ·tileAVX2(SB), NOSPLIT, $0-8
	MOVQ t+0(FP), DI
	MOVQ Tile_Base(DI), DX
	MOVQ Tile_Offsets(DI), R8
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

	MOVQ  Tile_Residual(DI), AX
	TESTQ AX, AX
	JZ    slope
	MOVQ  Tile_ResidualPitch(DI), BX
	RESIDUAL(Y0, Y1)
	RESIDUAL(Y2, Y3)
	RESIDUAL(Y4, Y5)
	RESIDUAL(Y6, Y7)
	RESIDUAL(Y8, Y9)
	RESIDUAL(Y10, Y11)

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
	MOVQ Tile_Out(DI), AX
	MOVQ Tile_OutPitch(DI), BX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	VZEROUPPER
	RET

// func depthwiseAVX2(d *Depthwise)
// 4 pixels × 16 channels in Y0…Y7: two loads of weights serve four pixels.
TEXT ·depthwiseAVX2(SB), NOSPLIT, $0-8
	MOVQ d+0(FP), DI
	MOVQ Depthwise_Base(DI), DX
	MOVQ Depthwise_Offsets(DI), R8
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
	MOVQ Depthwise_Out(DI), AX
	MOVQ Depthwise_OutPitch(DI), BX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
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
