#include "textflag.h"

// PEAK multiplies and adds twelve sums that don't wait for each other.
#define PEAK \
	VFMADD231PS Y14, Y15, Y0; \
	VFMADD231PS Y14, Y15, Y1; \
	VFMADD231PS Y14, Y15, Y2; \
	VFMADD231PS Y14, Y15, Y3; \
	VFMADD231PS Y14, Y15, Y4; \
	VFMADD231PS Y14, Y15, Y5; \
	VFMADD231PS Y14, Y15, Y6; \
	VFMADD231PS Y14, Y15, Y7; \
	VFMADD231PS Y14, Y15, Y8; \
	VFMADD231PS Y14, Y15, Y9; \
	VFMADD231PS Y14, Y15, Y10; \
	VFMADD231PS Y14, Y15, Y11

// func peakVectors(rounds int)
// A round is 48 multiply-adds of 8 floats.
TEXT ·peakVectors(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11
	VXORPS Y14, Y14, Y14
	VXORPS Y15, Y15, Y15

peakloop:
	PEAK
	PEAK
	PEAK
	PEAK
	DECQ CX
	JNZ  peakloop
	VZEROUPPER
	RET

// func readVectors(x *float32, n int)
// n is a multiple of 64.
TEXT ·readVectors(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX

readloop:
	VORPS (SI), Y0, Y0
	VORPS 32(SI), Y1, Y1
	VORPS 64(SI), Y2, Y2
	VORPS 96(SI), Y3, Y3
	VORPS 128(SI), Y4, Y4
	VORPS 160(SI), Y5, Y5
	VORPS 192(SI), Y6, Y6
	VORPS 224(SI), Y7, Y7
	ADDQ $256, SI
	SUBQ $64, CX
	JNZ  readloop
	VZEROUPPER
	RET
