#include "go_asm.h"
#include "textflag.h"

// Shuffles that take one byte of each of four pixels into the lower, or the upper, half of 32 bits.
#define SPREAD(NAME, A, B) \
DATA NAME<>+0(SB)/8, $A; \
DATA NAME<>+8(SB)/8, $B; \
DATA NAME<>+16(SB)/8, $A; \
DATA NAME<>+24(SB)/8, $B; \
GLOBL NAME<>(SB), RODATA|NOPTR, $32

SPREAD(lowRed, 0x8080800480808000, 0x8080800c80808008)
SPREAD(lowGreen, 0x8080800580808001, 0x8080800d80808009)
SPREAD(lowBlue, 0x8080800680808002, 0x8080800e8080800a)
SPREAD(highRed, 0x8004808080008080, 0x800c808080088080)
SPREAD(highGreen, 0x8005808080018080, 0x800d808080098080)
SPREAD(highBlue, 0x8006808080028080, 0x800e8080800a8080)

DATA luma601<>+0(SB)/4, $0x3e991687 // 0.299
DATA luma601<>+4(SB)/4, $0x3f1645a2 // 0.587
DATA luma601<>+8(SB)/4, $0x3de978d5 // 0.114
GLOBL luma601<>(SB), RODATA|NOPTR, $12

// CHANNEL makes the floats of one channel, in units of fromFixed, of pixels in Y4 (top left), Y5 (top right), Y6 (bottom
// left) and Y7 (bottom right). Y3 holds pairs of the weights of left and right, Y14 and Y15 those of top and bottom.
#define CHANNEL(LOW, HIGH, OUT) \
	VPSHUFB LOW<>(SB), Y4, Y8; \
	VPSHUFB HIGH<>(SB), Y5, Y9; \
	VPOR Y9, Y8, Y8; \
	VPMADDWD Y3, Y8, Y8; \
	VPMULLD Y14, Y8, Y8; \
	VPSHUFB LOW<>(SB), Y6, Y9; \
	VPSHUFB HIGH<>(SB), Y7, Y10; \
	VPOR Y10, Y9, Y9; \
	VPMADDWD Y3, Y9, Y9; \
	VPMULLD Y15, Y9, Y9; \
	VPADDD Y9, Y8, Y8; \
	VCVTDQ2PS Y8, OUT

#define NORMALISE(X, GAIN, BIAS) \
	VBROADCASTSS GAIN(AX), Y8; \
	VBROADCASTSS BIAS(AX), Y9; \
	VMULPS Y8, X, X; \
	VADDPS Y9, X, X

#define GATHER(BASE, AT, OUT) \
	VPCMPEQD Y13, Y13, Y13; \
	VPGATHERDD Y13, (BASE)(AT*1), OUT

// func resizeVectors(p *resizing)
// p.count is a multiple of 8, and not 0.
TEXT ·resizeVectors(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	MOVQ resizing_top(AX), SI
	MOVQ resizing_bottom(AX), DI
	MOVQ resizing_left(AX), R8
	MOVQ resizing_right(AX), R9
	MOVQ resizing_weights(AX), R10
	MOVQ resizing_count(AX), CX
	MOVQ resizing_r(AX), R11
	MOVQ resizing_g(AX), R12
	MOVQ resizing_b(AX), R13
	VPBROADCASTD resizing_upper(AX), Y14
	VPBROADCASTD resizing_lower(AX), Y15
	XORL DX, DX

loop:
	VMOVDQU (R8)(DX*4), Y1
	VMOVDQU (R9)(DX*4), Y2
	VMOVDQU (R10)(DX*4), Y3
	GATHER(SI, Y1, Y4)
	GATHER(SI, Y2, Y5)
	GATHER(DI, Y1, Y6)
	GATHER(DI, Y2, Y7)
	CHANNEL(lowRed, highRed, Y0)
	CHANNEL(lowGreen, highGreen, Y11)
	CHANNEL(lowBlue, highBlue, Y12)
	CMPQ resizing_grey(AX), $0
	JNE  grey
	NORMALISE(Y0, resizing_gain, resizing_bias)
	VMOVUPS Y0, (R11)(DX*4)
	NORMALISE(Y11, (resizing_gain+4), (resizing_bias+4))
	VMOVUPS Y11, (R12)(DX*4)
	NORMALISE(Y12, (resizing_gain+8), (resizing_bias+8))
	VMOVUPS Y12, (R13)(DX*4)

next:
	ADDQ $8, DX
	CMPQ DX, CX
	JLT  loop
	VZEROUPPER
	RET

grey:
	VBROADCASTSS luma601<>+0(SB), Y8
	VBROADCASTSS luma601<>+4(SB), Y9
	VBROADCASTSS luma601<>+8(SB), Y10
	VMULPS Y8, Y0, Y0
	VMULPS Y9, Y11, Y11
	VMULPS Y10, Y12, Y12
	VADDPS Y11, Y0, Y0
	VADDPS Y12, Y0, Y0
	NORMALISE(Y0, resizing_gain, resizing_bias)
	VMOVUPS Y0, (R11)(DX*4)
	JMP  next
