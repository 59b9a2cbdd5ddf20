#include "textflag.h"

// TOTAL adds the 16 lanes of Z0 by ADD into the first.
#define TOTAL(ADD) \
	VEXTRACTI64X4 $1, Z0, Y1; \
	ADD Y1, Y0, Y0; \
	VEXTRACTI128 $1, Y0, X1; \
	ADD X1, X0, X0; \
	VPSHUFD $0x4e, X0, X1; \
	ADD X1, X0, X0; \
	VPSHUFD $0xb1, X0, X1; \
	ADD X1, X0, X0

// What makes a signed byte an unsigned one that is 128 more.
DATA lift<>+0(SB)/4, $0x80808080
GLOBL lift<>(SB), RODATA|NOPTR, $4

// func dots8VNNI(out *int32, probe, rows *int8, dimension, count int, lifted int32)
// dimension is a multiple of 32, and neither it nor count is 0. The instruction multiplies unsigned bytes with signed
// ones, so rows are taken with 128 added to each byte, and lifted, 128 times the sum of the probe, is taken off again.
TEXT ·dots8VNNI(SB), NOSPLIT, $0-44
	MOVQ out+0(FP), DI
	MOVQ probe+8(FP), SI
	MOVQ rows+16(FP), DX
	MOVQ dimension+24(FP), R8
	MOVQ count+32(FP), CX
	MOVL lifted+40(FP), R10
	VPBROADCASTD lift<>(SB), Z7
	MOVQ R8, R9
	ANDQ $~127, R9

row:
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	XORL AX, AX
	CMPQ R9, $0
	JEQ  rest

step:
	VPXORD (DX)(AX*1), Z7, Z2
	VPXORD 64(DX)(AX*1), Z7, Z3
	VMOVDQU32 (SI)(AX*1), Z4
	VMOVDQU32 64(SI)(AX*1), Z5
	VPDPBUSD Z4, Z2, Z0
	VPDPBUSD Z5, Z3, Z1
	ADDQ $128, AX
	CMPQ AX, R9
	JLT  step

rest:
	CMPQ AX, R8
	JEQ  sum
	VPXORD (DX)(AX*1), Y7, Y2
	VMOVDQU32 (SI)(AX*1), Y4
	VPXORD Y3, Y3, Y3
	VPDPBUSD Y4, Y2, Y3
	VPADDD Z3, Z0, Z0
	ADDQ $32, AX
	JMP  rest

sum:
	ADDQ AX, DX
	VPADDD Z1, Z0, Z0
	TOTAL(VPADDD)
	VMOVD X0, AX
	SUBL R10, AX
	MOVL AX, (DI)
	ADDQ $4, DI
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET
