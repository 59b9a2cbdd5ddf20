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

// func dot512(a, b *float32, n int) float32
// n is a multiple of 32, and not 0.
TEXT ·dot512(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DX
	MOVQ n+16(FP), R8
	VXORPS Z0, Z0, Z0
	VXORPS Z1, Z1, Z1
	VXORPS Z2, Z2, Z2
	VXORPS Z3, Z3, Z3
	XORL AX, AX
	SUBQ $64, R8
	JLT  half

step:
	VMOVUPS (DX)(AX*4), Z4
	VMOVUPS 64(DX)(AX*4), Z5
	VMOVUPS 128(DX)(AX*4), Z6
	VMOVUPS 192(DX)(AX*4), Z7
	VFMADD231PS (SI)(AX*4), Z4, Z0
	VFMADD231PS 64(SI)(AX*4), Z5, Z1
	VFMADD231PS 128(SI)(AX*4), Z6, Z2
	VFMADD231PS 192(SI)(AX*4), Z7, Z3
	ADDQ $64, AX
	CMPQ AX, R8
	JLE  step

half:
	ADDQ $64, R8
	CMPQ AX, R8
	JEQ  sum
	VMOVUPS (DX)(AX*4), Z4
	VMOVUPS 64(DX)(AX*4), Z5
	VFMADD231PS (SI)(AX*4), Z4, Z0
	VFMADD231PS 64(SI)(AX*4), Z5, Z1

sum:
	VADDPS Z1, Z0, Z0
	VADDPS Z3, Z2, Z2
	VADDPS Z2, Z0, Z0
	TOTAL(VADDPS)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

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
