#include "textflag.h"
#include "go_asm.h"

// A tile of up to 12 pixels keeps its sums in Z0…Z23, two for each pixel with 32 channels, one with 16 or, as half a
// register, with 8. Each of its pixels has a register for its place: AX, BX, CX, DX, SI, DI, R8…R13. R14 counts depth, R15
// goes through the weights; everything else lives in the frame. A step of depth of 12 × 32 is 24 multiply-adds for 14
// loads. All heights are the same code with fewer pixels, so that any number of pixels is cut into full tiles; masks
// (K1, K2) keep what is written to the channels that are there.
//
// The last step of depth activates and stores pixel by pixel: 24 stores at once, of which Zen 4 makes one in two cycles,
// would keep the next tile's multiply-adds out of the scheduler (51 cycles a tile, as measured).

// POINT loads the place of pixel N.
#define POINT(N, R) \
	MOVLQSX (4*N)(R14), R; \
	LEAQ (R15)(R*4), R

#define POINTS1 POINT(0, AX)
#define POINTS2 POINTS1; POINT(1, BX)
#define POINTS3 POINTS2; POINT(2, CX)
#define POINTS4 POINTS3; POINT(3, DX)
#define POINTS5 POINTS4; POINT(4, SI)
#define POINTS6 POINTS5; POINT(5, DI)
#define POINTS7 POINTS6; POINT(6, R8)
#define POINTS8 POINTS7; POINT(7, R9)
#define POINTS9 POINTS8; POINT(8, R10)
#define POINTS10 POINTS9; POINT(9, R11)
#define POINTS11 POINTS10; POINT(10, R12)
#define POINTS12 POINTS11; POINT(11, R13)

// WIDE multiplies a pixel's value with two vectors of weights, MEDIUM and NARROW with one.
#define WIDE(V, R, A, B) \
	VBROADCASTSS V(R)(R14*1), Z28; \
	VFMADD231PS Z24, Z28, A; \
	VFMADD231PS Z25, Z28, B

#define MEDIUM(V, R, A) VFMADD231PS.BCST V(R)(R14*1), Z24, A
#define NARROW(V, R, A) VFMADD231PS.BCST V(R)(R14*1), Y24, A

#define WIDE1(W, V) VMOVUPS (W)(R15), Z24; VMOVUPS (W+64)(R15), Z25; WIDE(V, AX, Z0, Z1)
#define WIDE2(W, V) WIDE1(W, V); WIDE(V, BX, Z2, Z3)
#define WIDE3(W, V) WIDE2(W, V); WIDE(V, CX, Z4, Z5)
#define WIDE4(W, V) WIDE3(W, V); WIDE(V, DX, Z6, Z7)
#define WIDE5(W, V) WIDE4(W, V); WIDE(V, SI, Z8, Z9)
#define WIDE6(W, V) WIDE5(W, V); WIDE(V, DI, Z10, Z11)
#define WIDE7(W, V) WIDE6(W, V); WIDE(V, R8, Z12, Z13)
#define WIDE8(W, V) WIDE7(W, V); WIDE(V, R9, Z14, Z15)
#define WIDE9(W, V) WIDE8(W, V); WIDE(V, R10, Z16, Z17)
#define WIDE10(W, V) WIDE9(W, V); WIDE(V, R11, Z18, Z19)
#define WIDE11(W, V) WIDE10(W, V); WIDE(V, R12, Z20, Z21)
#define WIDE12(W, V) WIDE11(W, V); WIDE(V, R13, Z22, Z23)

#define MEDIUM1(W, V) VMOVUPS (W)(R15), Z24; MEDIUM(V, AX, Z0)
#define MEDIUM2(W, V) MEDIUM1(W, V); MEDIUM(V, BX, Z1)
#define MEDIUM3(W, V) MEDIUM2(W, V); MEDIUM(V, CX, Z2)
#define MEDIUM4(W, V) MEDIUM3(W, V); MEDIUM(V, DX, Z3)
#define MEDIUM5(W, V) MEDIUM4(W, V); MEDIUM(V, SI, Z4)
#define MEDIUM6(W, V) MEDIUM5(W, V); MEDIUM(V, DI, Z5)
#define MEDIUM7(W, V) MEDIUM6(W, V); MEDIUM(V, R8, Z6)
#define MEDIUM8(W, V) MEDIUM7(W, V); MEDIUM(V, R9, Z7)
#define MEDIUM9(W, V) MEDIUM8(W, V); MEDIUM(V, R10, Z8)
#define MEDIUM10(W, V) MEDIUM9(W, V); MEDIUM(V, R11, Z9)
#define MEDIUM11(W, V) MEDIUM10(W, V); MEDIUM(V, R12, Z10)
#define MEDIUM12(W, V) MEDIUM11(W, V); MEDIUM(V, R13, Z11)

#define NARROW1(W, V) VMOVUPS (W)(R15), Y24; NARROW(V, AX, Y0)
#define NARROW2(W, V) NARROW1(W, V); NARROW(V, BX, Y1)
#define NARROW3(W, V) NARROW2(W, V); NARROW(V, CX, Y2)
#define NARROW4(W, V) NARROW3(W, V); NARROW(V, DX, Y3)
#define NARROW5(W, V) NARROW4(W, V); NARROW(V, SI, Y4)
#define NARROW6(W, V) NARROW5(W, V); NARROW(V, DI, Y5)
#define NARROW7(W, V) NARROW6(W, V); NARROW(V, R8, Y6)
#define NARROW8(W, V) NARROW7(W, V); NARROW(V, R9, Y7)
#define NARROW9(W, V) NARROW8(W, V); NARROW(V, R10, Y8)
#define NARROW10(W, V) NARROW9(W, V); NARROW(V, R11, Y9)
#define NARROW11(W, V) NARROW10(W, V); NARROW(V, R12, Y10)
#define NARROW12(W, V) NARROW11(W, V); NARROW(V, R13, Y11)

// BEGIN sets a pixel's sums to the bias, and with ADD to what is at R14, R15 bytes from pixel to pixel, besides.
#define BEGINW(R, A, B) VMOVAPS Z24, A; VMOVAPS Z25, B
#define BEGINM(R, A) VMOVAPS Z24, A
#define BEGINN(R, A) VMOVAPS Y24, A
#define ADDW(R, A, B) VADDPS (R14), Z24, K1, A; VADDPS 64(R14), Z25, K2, B; ADDQ R15, R14
#define ADDM(R, A) VADDPS (R14), Z24, K1, A; ADDQ R15, R14
#define ADDN(R, A) VADDPS (R14), Y24, K1, A; ADDQ R15, R14

// CLAMP is max(x, low) with low in Z29, RECTIFY max(x, 0) + slope·min(x, 0) with zero there and the slopes in Z30, Z31; the
// order of the operands lets NaN through.
#define CLAMP(A, SLOPE) VMAXPS A, Z29, A
#define RECTIFY(A, SLOPE) VMAXPS A, Z29, Z28; VMINPS A, Z29, A; VFMADD213PS Z28, SLOPE, A
#define CLAMPY(A, SLOPE) VMAXPS A, Y29, A
#define RECTIFYY(A, SLOPE) VMAXPS A, Y29, Y27; VMINPS A, Y29, A; VFMADD213PS Y27, SLOPE, A

// LAST is a pixel's last step of depth, or its last two, its activation, and its stores at R15.
#define LASTTWO(ACT, R, A, B) \
	WIDE(0, R, A, B); \
	VBROADCASTSS 4(R)(R14*1), Z28; \
	VFMADD231PS Z26, Z28, A; \
	VFMADD231PS Z27, Z28, B; \
	ACT(A, Z30); \
	ACT(B, Z31); \
	VMOVUPS A, K1, (R15); \
	VMOVUPS B, K2, 64(R15); \
	ADDQ pitch-80(SP), R15
#define LASTW(ACT, R, A, B) \
	WIDE(0, R, A, B); \
	ACT(A, Z30); \
	ACT(B, Z31); \
	VMOVUPS A, K1, (R15); \
	VMOVUPS B, K2, 64(R15); \
	ADDQ pitch-80(SP), R15
#define LASTM(ACT, R, A) \
	MEDIUM(0, R, A); \
	ACT(A, Z30); \
	VMOVUPS A, K1, (R15); \
	ADDQ pitch-80(SP), R15
#define LASTN(ACT, R, A) \
	NARROW(0, R, A); \
	ACT(A, Y30); \
	VMOVUPS A, K1, (R15); \
	ADDQ pitch-80(SP), R15
#define CLAMPW(R, A, B) LASTW(CLAMP, R, A, B)
#define CLAMPTWO(R, A, B) LASTTWO(CLAMP, R, A, B)
#define RECTIFYTWO(R, A, B) LASTTWO(RECTIFY, R, A, B)
#define CLAMPM(R, A) LASTM(CLAMP, R, A)
#define CLAMPN(R, A) LASTN(CLAMPY, R, A)
#define RECTIFYW(R, A, B) LASTW(RECTIFY, R, A, B)
#define RECTIFYM(R, A) LASTM(RECTIFY, R, A)
#define RECTIFYN(R, A) LASTN(RECTIFYY, R, A)

// EACH does the same with the places and sums of n pixels.
#define EACHW1(F) F(AX, Z0, Z1)
#define EACHW2(F) EACHW1(F); F(BX, Z2, Z3)
#define EACHW3(F) EACHW2(F); F(CX, Z4, Z5)
#define EACHW4(F) EACHW3(F); F(DX, Z6, Z7)
#define EACHW5(F) EACHW4(F); F(SI, Z8, Z9)
#define EACHW6(F) EACHW5(F); F(DI, Z10, Z11)
#define EACHW7(F) EACHW6(F); F(R8, Z12, Z13)
#define EACHW8(F) EACHW7(F); F(R9, Z14, Z15)
#define EACHW9(F) EACHW8(F); F(R10, Z16, Z17)
#define EACHW10(F) EACHW9(F); F(R11, Z18, Z19)
#define EACHW11(F) EACHW10(F); F(R12, Z20, Z21)
#define EACHW12(F) EACHW11(F); F(R13, Z22, Z23)
#define EACHM1(F) F(AX, Z0)
#define EACHM2(F) EACHM1(F); F(BX, Z1)
#define EACHM3(F) EACHM2(F); F(CX, Z2)
#define EACHM4(F) EACHM3(F); F(DX, Z3)
#define EACHM5(F) EACHM4(F); F(SI, Z4)
#define EACHM6(F) EACHM5(F); F(DI, Z5)
#define EACHM7(F) EACHM6(F); F(R8, Z6)
#define EACHM8(F) EACHM7(F); F(R9, Z7)
#define EACHM9(F) EACHM8(F); F(R10, Z8)
#define EACHM10(F) EACHM9(F); F(R11, Z9)
#define EACHM11(F) EACHM10(F); F(R12, Z10)
#define EACHM12(F) EACHM11(F); F(R13, Z11)
#define EACHN1(F) F(AX, Y0)
#define EACHN2(F) EACHN1(F); F(BX, Y1)
#define EACHN3(F) EACHN2(F); F(CX, Y2)
#define EACHN4(F) EACHN3(F); F(DX, Y3)
#define EACHN5(F) EACHN4(F); F(SI, Y4)
#define EACHN6(F) EACHN5(F); F(DI, Y5)
#define EACHN7(F) EACHN6(F); F(R8, Y6)
#define EACHN8(F) EACHN7(F); F(R9, Y7)
#define EACHN9(F) EACHN8(F); F(R10, Y8)
#define EACHN10(F) EACHN9(F); F(R11, Y9)
#define EACHN11(F) EACHN10(F); F(R12, Y10)
#define EACHN12(F) EACHN11(F); F(R13, Y11)

// Less than every number.
DATA lowest<>+0(SB)/4, $0xff800000
GLOBL lowest<>(SB), RODATA|NOPTR, $4

// TILES32 is a whole function with the POINTS, STEP and EACH of its height; a step of depth takes 128 bytes of weights.
#define TILES32(POINTS, HEIGHT, STEP, EACH) \
	MOVQ t+0(FP), DI; \
	MOVQ count+8(FP), AX; \
	MOVQ AX, left-16(SP); \
	MOVQ Tile_Out(DI), AX; \
	MOVQ AX, out-24(SP); \
	MOVQ Tile_OutPitch(DI), AX; \
	SHLQ $2, AX; \
	MOVQ AX, pitch-80(SP); \
	MOVQ Tile_Residual(DI), AX; \
	MOVQ AX, residual-32(SP); \
	MOVQ Tile_Base(DI), AX; \
	MOVQ AX, base-40(SP); \
	MOVQ Tile_Offsets(DI), AX; \
	MOVQ AX, offsets-48(SP); \
	MOVQ (Tile_Wanted+Wanted_Channels)(DI), AX; \
	MOVQ $-1, BX; \
	BZHIQ AX, BX, BX; \
	KMOVW BX, K1; \
	SHRQ $16, BX; \
	KMOVW BX, K2; \
	MOVQ $4, AX; \
	MOVQ $8, BX; \
	CMPQ Tile_Depth(DI), $1; \
	CMOVQNE BX, AX; \
	MOVQ AX, last-96(SP); \
	MOVQ Tile_Slope(DI), AX; \
	MOVQ AX, slope-88(SP); \
	VXORPS Z29, Z29, Z29; \
	TESTQ AX, AX; \
	JZ   clamp; \
	VMOVUPS (AX), Z30; VMOVUPS 64(AX), Z31; \
	JMP  tile; \
clamp: \
	CMPB Tile_Relu(DI), $0; \
	JNE  tile; \
	VBROADCASTSS lowest<>(SB), Z29; \
tile: \
	MOVQ t+0(FP), DI; \
	MOVQ Tile_Bias(DI), AX; \
	VMOVUPS (AX), Z24; VMOVUPS 64(AX), Z25; \
	EACH(BEGINW); \
	MOVQ residual-32(SP), R14; \
	TESTQ R14, R14; \
	JZ   taps; \
	MOVQ Tile_ResidualPitch(DI), R15; \
	SHLQ $2, R15; \
	EACH(ADDW); \
	MOVQ R14, residual-32(SP); \
taps: \
	MOVQ Tile_Weights(DI), AX; \
	MOVQ AX, weights-8(SP); \
	MOVQ Tile_Taps(DI), AX; \
	MOVQ AX, taps-56(SP); \
	MOVQ Tile_Depth(DI), AX; \
	SHLQ $2, AX; \
	MOVQ AX, depth-64(SP); \
tap: \
	MOVQ depth-64(SP), R14; \
	DECQ taps-56(SP); \
	JNZ  steps; \
	SUBQ last-96(SP), R14; \
	MOVQ R14, depth-64(SP); \
steps: \
	ANDQ $~15, R14; \
	MOVQ R14, fours-72(SP); \
	MOVQ offsets-48(SP), R14; \
	MOVQ base-40(SP), R15; \
	POINTS; \
	ADDQ $(4*HEIGHT), R14; \
	MOVQ R14, offsets-48(SP); \
	MOVQ weights-8(SP), R15; \
	XORL R14, R14; \
	CMPQ fours-72(SP), $0; \
	JEQ  rest; \
	PCALIGN $32; \
four: \
	STEP(0, 0); \
	STEP(128, 4); \
	STEP(256, 8); \
	STEP(384, 12); \
	ADDQ $16, R14; \
	ADDQ $512, R15; \
	CMPQ R14, fours-72(SP); \
	JNE  four; \
rest: \
	CMPQ R14, depth-64(SP); \
	JEQ  tapdone; \
	STEP(0, 0); \
	ADDQ $4, R14; \
	ADDQ $128, R15; \
	JMP  rest; \
tapdone: \
	MOVQ R15, weights-8(SP); \
	CMPQ taps-56(SP), $0; \
	JNE  tap; \
	VMOVUPS (R15), Z24; VMOVUPS 64(R15), Z25; \
	CMPQ last-96(SP), $4; \
	JEQ  single; \
	VMOVUPS 128(R15), Z26; \
	VMOVUPS 192(R15), Z27; \
	MOVQ out-24(SP), R15; \
	CMPQ slope-88(SP), $0; \
	JNE  rectifytwo; \
	EACH(CLAMPTWO); \
	JMP  next; \
rectifytwo: \
	EACH(RECTIFYTWO); \
	JMP  next; \
single: \
	MOVQ out-24(SP), R15; \
	CMPQ slope-88(SP), $0; \
	JNE  rectify; \
	EACH(CLAMPW); \
	JMP  next; \
rectify: \
	EACH(RECTIFYW); \
next: \
	MOVQ R15, out-24(SP); \
	DECQ left-16(SP); \
	JZ   done; \
	MOVQ t+0(FP), DI; \
	MOVQ Tile_Move(DI), AX; \
	TESTQ AX, AX; \
	JZ   tile; \
	SHLQ $2, AX; \
	ADDQ AX, base-40(SP); \
	MOVQ Tile_Offsets(DI), AX; \
	MOVQ AX, offsets-48(SP); \
	JMP  tile; \
done: \
	VZEROUPPER; \
	RET

// TILES16 is a whole function with the POINTS, STEP and EACH of its height; a step of depth takes 64 bytes of weights.
#define TILES16(POINTS, HEIGHT, STEP, EACH) \
	MOVQ t+0(FP), DI; \
	MOVQ count+8(FP), AX; \
	MOVQ AX, left-16(SP); \
	MOVQ Tile_Out(DI), AX; \
	MOVQ AX, out-24(SP); \
	MOVQ Tile_OutPitch(DI), AX; \
	SHLQ $2, AX; \
	MOVQ AX, pitch-80(SP); \
	MOVQ Tile_Residual(DI), AX; \
	MOVQ AX, residual-32(SP); \
	MOVQ Tile_Base(DI), AX; \
	MOVQ AX, base-40(SP); \
	MOVQ Tile_Offsets(DI), AX; \
	MOVQ AX, offsets-48(SP); \
	MOVQ (Tile_Wanted+Wanted_Channels)(DI), AX; \
	MOVQ $-1, BX; \
	BZHIQ AX, BX, BX; \
	KMOVW BX, K1; \
	SHRQ $16, BX; \
	KMOVW BX, K2; \
	MOVQ $4, AX; \
	MOVQ $8, BX; \
	CMPQ Tile_Depth(DI), $1; \
	CMOVQNE BX, AX; \
	MOVQ AX, last-96(SP); \
	MOVQ Tile_Slope(DI), AX; \
	MOVQ AX, slope-88(SP); \
	VXORPS Z29, Z29, Z29; \
	TESTQ AX, AX; \
	JZ   clamp; \
	VMOVUPS (AX), Z30; \
	JMP  tile; \
clamp: \
	CMPB Tile_Relu(DI), $0; \
	JNE  tile; \
	VBROADCASTSS lowest<>(SB), Z29; \
tile: \
	MOVQ t+0(FP), DI; \
	MOVQ Tile_Bias(DI), AX; \
	VMOVUPS (AX), Z24; \
	EACH(BEGINM); \
	MOVQ residual-32(SP), R14; \
	TESTQ R14, R14; \
	JZ   taps; \
	MOVQ Tile_ResidualPitch(DI), R15; \
	SHLQ $2, R15; \
	EACH(ADDM); \
	MOVQ R14, residual-32(SP); \
taps: \
	MOVQ Tile_Weights(DI), AX; \
	MOVQ AX, weights-8(SP); \
	MOVQ Tile_Taps(DI), AX; \
	MOVQ AX, taps-56(SP); \
	MOVQ Tile_Depth(DI), AX; \
	SHLQ $2, AX; \
	MOVQ AX, depth-64(SP); \
tap: \
	MOVQ depth-64(SP), R14; \
	DECQ taps-56(SP); \
	JNZ  steps; \
	SUBQ $4, R14; \
	MOVQ R14, depth-64(SP); \
steps: \
	ANDQ $~15, R14; \
	MOVQ R14, fours-72(SP); \
	MOVQ offsets-48(SP), R14; \
	MOVQ base-40(SP), R15; \
	POINTS; \
	ADDQ $(4*HEIGHT), R14; \
	MOVQ R14, offsets-48(SP); \
	MOVQ weights-8(SP), R15; \
	XORL R14, R14; \
	CMPQ fours-72(SP), $0; \
	JEQ  rest; \
	PCALIGN $32; \
four: \
	STEP(0, 0); \
	STEP(64, 4); \
	STEP(128, 8); \
	STEP(192, 12); \
	ADDQ $16, R14; \
	ADDQ $256, R15; \
	CMPQ R14, fours-72(SP); \
	JNE  four; \
rest: \
	CMPQ R14, depth-64(SP); \
	JEQ  tapdone; \
	STEP(0, 0); \
	ADDQ $4, R14; \
	ADDQ $64, R15; \
	JMP  rest; \
tapdone: \
	MOVQ R15, weights-8(SP); \
	CMPQ taps-56(SP), $0; \
	JNE  tap; \
	VMOVUPS (R15), Z24; \
	MOVQ out-24(SP), R15; \
	CMPQ slope-88(SP), $0; \
	JNE  rectify; \
	EACH(CLAMPM); \
	JMP  next; \
rectify: \
	EACH(RECTIFYM); \
next: \
	MOVQ R15, out-24(SP); \
	DECQ left-16(SP); \
	JZ   done; \
	MOVQ t+0(FP), DI; \
	MOVQ Tile_Move(DI), AX; \
	TESTQ AX, AX; \
	JZ   tile; \
	SHLQ $2, AX; \
	ADDQ AX, base-40(SP); \
	MOVQ Tile_Offsets(DI), AX; \
	MOVQ AX, offsets-48(SP); \
	JMP  tile; \
done: \
	VZEROUPPER; \
	RET

// TILES8 is a whole function with the POINTS, STEP and EACH of its height; a step of depth takes 32 bytes of weights.
#define TILES8(POINTS, HEIGHT, STEP, EACH) \
	MOVQ t+0(FP), DI; \
	MOVQ count+8(FP), AX; \
	MOVQ AX, left-16(SP); \
	MOVQ Tile_Out(DI), AX; \
	MOVQ AX, out-24(SP); \
	MOVQ Tile_OutPitch(DI), AX; \
	SHLQ $2, AX; \
	MOVQ AX, pitch-80(SP); \
	MOVQ Tile_Residual(DI), AX; \
	MOVQ AX, residual-32(SP); \
	MOVQ Tile_Base(DI), AX; \
	MOVQ AX, base-40(SP); \
	MOVQ Tile_Offsets(DI), AX; \
	MOVQ AX, offsets-48(SP); \
	MOVQ (Tile_Wanted+Wanted_Channels)(DI), AX; \
	MOVQ $-1, BX; \
	BZHIQ AX, BX, BX; \
	KMOVW BX, K1; \
	SHRQ $16, BX; \
	KMOVW BX, K2; \
	MOVQ $4, AX; \
	MOVQ $8, BX; \
	CMPQ Tile_Depth(DI), $1; \
	CMOVQNE BX, AX; \
	MOVQ AX, last-96(SP); \
	MOVQ Tile_Slope(DI), AX; \
	MOVQ AX, slope-88(SP); \
	VXORPS Z29, Z29, Z29; \
	TESTQ AX, AX; \
	JZ   clamp; \
	VMOVUPS (AX), Y30; \
	JMP  tile; \
clamp: \
	CMPB Tile_Relu(DI), $0; \
	JNE  tile; \
	VBROADCASTSS lowest<>(SB), Z29; \
tile: \
	MOVQ t+0(FP), DI; \
	MOVQ Tile_Bias(DI), AX; \
	VMOVUPS (AX), Y24; \
	EACH(BEGINN); \
	MOVQ residual-32(SP), R14; \
	TESTQ R14, R14; \
	JZ   taps; \
	MOVQ Tile_ResidualPitch(DI), R15; \
	SHLQ $2, R15; \
	EACH(ADDN); \
	MOVQ R14, residual-32(SP); \
taps: \
	MOVQ Tile_Weights(DI), AX; \
	MOVQ AX, weights-8(SP); \
	MOVQ Tile_Taps(DI), AX; \
	MOVQ AX, taps-56(SP); \
	MOVQ Tile_Depth(DI), AX; \
	SHLQ $2, AX; \
	MOVQ AX, depth-64(SP); \
tap: \
	MOVQ depth-64(SP), R14; \
	DECQ taps-56(SP); \
	JNZ  steps; \
	SUBQ $4, R14; \
	MOVQ R14, depth-64(SP); \
steps: \
	ANDQ $~15, R14; \
	MOVQ R14, fours-72(SP); \
	MOVQ offsets-48(SP), R14; \
	MOVQ base-40(SP), R15; \
	POINTS; \
	ADDQ $(4*HEIGHT), R14; \
	MOVQ R14, offsets-48(SP); \
	MOVQ weights-8(SP), R15; \
	XORL R14, R14; \
	CMPQ fours-72(SP), $0; \
	JEQ  rest; \
	PCALIGN $32; \
four: \
	STEP(0, 0); \
	STEP(32, 4); \
	STEP(64, 8); \
	STEP(96, 12); \
	ADDQ $16, R14; \
	ADDQ $128, R15; \
	CMPQ R14, fours-72(SP); \
	JNE  four; \
rest: \
	CMPQ R14, depth-64(SP); \
	JEQ  tapdone; \
	STEP(0, 0); \
	ADDQ $4, R14; \
	ADDQ $32, R15; \
	JMP  rest; \
tapdone: \
	MOVQ R15, weights-8(SP); \
	CMPQ taps-56(SP), $0; \
	JNE  tap; \
	VMOVUPS (R15), Y24; \
	MOVQ out-24(SP), R15; \
	CMPQ slope-88(SP), $0; \
	JNE  rectify; \
	EACH(CLAMPN); \
	JMP  next; \
rectify: \
	EACH(RECTIFYN); \
next: \
	MOVQ R15, out-24(SP); \
	DECQ left-16(SP); \
	JZ   done; \
	MOVQ t+0(FP), DI; \
	MOVQ Tile_Move(DI), AX; \
	TESTQ AX, AX; \
	JZ   tile; \
	SHLQ $2, AX; \
	ADDQ AX, base-40(SP); \
	MOVQ Tile_Offsets(DI), AX; \
	MOVQ AX, offsets-48(SP); \
	JMP  tile; \
done: \
	VZEROUPPER; \
	RET

// func tiles12x32AVX512(t *Tile, count int)
TEXT ·tiles12x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS12, 12, WIDE12, EACHW12)

// func tiles11x32AVX512(t *Tile, count int)
TEXT ·tiles11x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS11, 11, WIDE11, EACHW11)

// func tiles10x32AVX512(t *Tile, count int)
TEXT ·tiles10x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS10, 10, WIDE10, EACHW10)

// func tiles9x32AVX512(t *Tile, count int)
TEXT ·tiles9x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS9, 9, WIDE9, EACHW9)

// func tiles8x32AVX512(t *Tile, count int)
TEXT ·tiles8x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS8, 8, WIDE8, EACHW8)

// func tiles7x32AVX512(t *Tile, count int)
TEXT ·tiles7x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS7, 7, WIDE7, EACHW7)

// func tiles6x32AVX512(t *Tile, count int)
TEXT ·tiles6x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS6, 6, WIDE6, EACHW6)

// func tiles5x32AVX512(t *Tile, count int)
TEXT ·tiles5x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS5, 5, WIDE5, EACHW5)

// func tiles4x32AVX512(t *Tile, count int)
TEXT ·tiles4x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS4, 4, WIDE4, EACHW4)

// func tiles3x32AVX512(t *Tile, count int)
TEXT ·tiles3x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS3, 3, WIDE3, EACHW3)

// func tiles2x32AVX512(t *Tile, count int)
TEXT ·tiles2x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS2, 2, WIDE2, EACHW2)

// func tiles1x32AVX512(t *Tile, count int)
TEXT ·tiles1x32AVX512(SB), NOSPLIT, $96-16
	TILES32(POINTS1, 1, WIDE1, EACHW1)

// func tiles12x16AVX512(t *Tile, count int)
TEXT ·tiles12x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS12, 12, MEDIUM12, EACHM12)

// func tiles11x16AVX512(t *Tile, count int)
TEXT ·tiles11x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS11, 11, MEDIUM11, EACHM11)

// func tiles10x16AVX512(t *Tile, count int)
TEXT ·tiles10x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS10, 10, MEDIUM10, EACHM10)

// func tiles9x16AVX512(t *Tile, count int)
TEXT ·tiles9x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS9, 9, MEDIUM9, EACHM9)

// func tiles8x16AVX512(t *Tile, count int)
TEXT ·tiles8x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS8, 8, MEDIUM8, EACHM8)

// func tiles7x16AVX512(t *Tile, count int)
TEXT ·tiles7x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS7, 7, MEDIUM7, EACHM7)

// func tiles6x16AVX512(t *Tile, count int)
TEXT ·tiles6x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS6, 6, MEDIUM6, EACHM6)

// func tiles5x16AVX512(t *Tile, count int)
TEXT ·tiles5x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS5, 5, MEDIUM5, EACHM5)

// func tiles4x16AVX512(t *Tile, count int)
TEXT ·tiles4x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS4, 4, MEDIUM4, EACHM4)

// func tiles3x16AVX512(t *Tile, count int)
TEXT ·tiles3x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS3, 3, MEDIUM3, EACHM3)

// func tiles2x16AVX512(t *Tile, count int)
TEXT ·tiles2x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS2, 2, MEDIUM2, EACHM2)

// func tiles1x16AVX512(t *Tile, count int)
TEXT ·tiles1x16AVX512(SB), NOSPLIT, $96-16
	TILES16(POINTS1, 1, MEDIUM1, EACHM1)

// func tiles12x8AVX512(t *Tile, count int)
TEXT ·tiles12x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS12, 12, NARROW12, EACHN12)

// func tiles11x8AVX512(t *Tile, count int)
TEXT ·tiles11x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS11, 11, NARROW11, EACHN11)

// func tiles10x8AVX512(t *Tile, count int)
TEXT ·tiles10x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS10, 10, NARROW10, EACHN10)

// func tiles9x8AVX512(t *Tile, count int)
TEXT ·tiles9x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS9, 9, NARROW9, EACHN9)

// func tiles8x8AVX512(t *Tile, count int)
TEXT ·tiles8x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS8, 8, NARROW8, EACHN8)

// func tiles7x8AVX512(t *Tile, count int)
TEXT ·tiles7x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS7, 7, NARROW7, EACHN7)

// func tiles6x8AVX512(t *Tile, count int)
TEXT ·tiles6x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS6, 6, NARROW6, EACHN6)

// func tiles5x8AVX512(t *Tile, count int)
TEXT ·tiles5x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS5, 5, NARROW5, EACHN5)

// func tiles4x8AVX512(t *Tile, count int)
TEXT ·tiles4x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS4, 4, NARROW4, EACHN4)

// func tiles3x8AVX512(t *Tile, count int)
TEXT ·tiles3x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS3, 3, NARROW3, EACHN3)

// func tiles2x8AVX512(t *Tile, count int)
TEXT ·tiles2x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS2, 2, NARROW2, EACHN2)

// func tiles1x8AVX512(t *Tile, count int)
TEXT ·tiles1x8AVX512(SB), NOSPLIT, $96-16
	TILES8(POINTS1, 1, NARROW1, EACHN1)
