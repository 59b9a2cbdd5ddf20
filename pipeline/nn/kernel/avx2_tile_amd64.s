#include "textflag.h"
#include "go_asm.h"
#include "avx2_amd64.h"

// A tile keeps 6 pixels × 16 channels in Y0…Y11. Each step of depth loads two vectors of weights, spreads one value of
// each pixel and multiplies: 12 multiply-adds for 8 loads, so that the multipliers are the limit, not the loads. With 5
// pixels it is 10 for 7.

// STEP6 multiplies the weights at W bytes with the values at V bytes of six pixels.
#define STEP6(W, V) \
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

// STEP5 multiplies the weights at W bytes with the values at V bytes of five pixels.
#define STEP5(W, V) \
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
	VFMADD231PS Y12, Y14, Y8; \
	VFMADD231PS Y13, Y14, Y9

// RESIDUAL adds a pixel's residual to its two accumulators.
#define RESIDUAL(A, B) \
	VADDPS (AX), A, A; \
	VADDPS 32(AX), B, B; \
	LEAQ (AX)(BX*4), AX

// func tiles6x16AVX2(t *Tile, count int)
// The place in Out and in Residual lives in the frame, since every register holds something else.
TEXT ·tiles6x16AVX2(SB), NOSPLIT, $24-16
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
	STEP6(0, 0)
	STEP6(64, 4)
	STEP6(128, 8)
	STEP6(192, 12)
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
	STEP6(0, 0)
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
	JNZ   rectify
	CMPB  Tile_Relu(DI), $0
	JEQ   store
	VXORPS Y14, Y14, Y14
	VMAXPS Y0, Y14, Y0
	VMAXPS Y1, Y14, Y1
	VMAXPS Y2, Y14, Y2
	VMAXPS Y3, Y14, Y3
	VMAXPS Y4, Y14, Y4
	VMAXPS Y5, Y14, Y5
	VMAXPS Y6, Y14, Y6
	VMAXPS Y7, Y14, Y7
	VMAXPS Y8, Y14, Y8
	VMAXPS Y9, Y14, Y9
	VMAXPS Y10, Y14, Y10
	VMAXPS Y11, Y14, Y11
	JMP store

rectify:
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
	JZ   done
	MOVQ Tile_Move(DI), AX
	TESTQ AX, AX
	JZ    tile
	MOVQ Tile_Offsets(DI), R8
	LEAQ (DX)(AX*4), DX
	JMP  tile

done:
	VZEROUPPER
	RET

// func tiles5x16AVX2(t *Tile, count int)
TEXT ·tiles5x16AVX2(SB), NOSPLIT, $24-16
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

tap:
	POINT(0, AX)
	POINT(4, BX)
	POINT(8, CX)
	POINT(12, R12)
	POINT(16, R13)
	ADDQ $20, R8
	MOVQ Tile_Depth(DI), R10
	SUBQ $4, R10
	JLT  rest

four:
	STEP5(0, 0)
	STEP5(64, 4)
	STEP5(128, 8)
	STEP5(192, 12)
	ADDQ $16, AX
	ADDQ $16, BX
	ADDQ $16, CX
	ADDQ $16, R12
	ADDQ $16, R13
	ADDQ $256, R11
	SUBQ $4, R10
	JGE  four

rest:
	ADDQ $4, R10
	JZ   tapdone

one:
	STEP5(0, 0)
	ADDQ $4, AX
	ADDQ $4, BX
	ADDQ $4, CX
	ADDQ $4, R12
	ADDQ $4, R13
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
	MOVQ AX, residual-24(SP)

slope:
	MOVQ  Tile_Slope(DI), AX
	TESTQ AX, AX
	JNZ   rectify
	CMPB  Tile_Relu(DI), $0
	JEQ   store
	VXORPS Y14, Y14, Y14
	VMAXPS Y0, Y14, Y0
	VMAXPS Y1, Y14, Y1
	VMAXPS Y2, Y14, Y2
	VMAXPS Y3, Y14, Y3
	VMAXPS Y4, Y14, Y4
	VMAXPS Y5, Y14, Y5
	VMAXPS Y6, Y14, Y6
	VMAXPS Y7, Y14, Y7
	VMAXPS Y8, Y14, Y8
	VMAXPS Y9, Y14, Y9
	JMP store

rectify:
	VMOVUPS (AX), Y12
	VMOVUPS 32(AX), Y13
	VXORPS Y14, Y14, Y14
	RECTIFY(Y0, Y1)
	RECTIFY(Y2, Y3)
	RECTIFY(Y4, Y5)
	RECTIFY(Y6, Y7)
	RECTIFY(Y8, Y9)

store:
	MOVQ out-16(SP), AX
	MOVQ Tile_OutPitch(DI), BX
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	MOVQ AX, out-16(SP)
	DECQ left-8(SP)
	JZ   done
	MOVQ Tile_Move(DI), AX
	TESTQ AX, AX
	JZ    tile
	MOVQ Tile_Offsets(DI), R8
	LEAQ (DX)(AX*4), DX
	JMP  tile

done:
	VZEROUPPER
	RET
