#include "textflag.h"

// The element-wise kernels go through their slices 16 floats at a time; the last vector is masked (K1). n may be any
// number; AX is the place in bytes and CX the floats that are left.

#define BEGIN \
	XORL AX, AX; \
	KXNORW K1, K1, K1; \
loop: \
	CMPQ CX, $16; \
	JGE  whole; \
	TESTQ CX, CX; \
	JLE  done; \
	MOVQ $-1, R8; \
	BZHIQ CX, R8, R8; \
	KMOVW R8, K1; \
whole:

#define END \
	ADDQ $64, AX; \
	SUBQ $16, CX; \
	JG   loop; \
done: \
	VZEROUPPER; \
	RET

// func add512(out, a, b *float32, n int)
TEXT ·add512(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	VADDPS.Z (DX)(AX*1), Z0, K1, Z0
	VMOVUPS Z0, K1, (DI)(AX*1)
	END

// func mul512(out, a, b *float32, n int)
TEXT ·mul512(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	VMULPS.Z (DX)(AX*1), Z0, K1, Z0
	VMOVUPS Z0, K1, (DI)(AX*1)
	END

// func max512(out, a, b *float32, n int)
TEXT ·max512(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	VMOVUPS.Z (DX)(AX*1), K1, Z1
	VMAXPS Z0, Z1, Z0
	VMOVUPS Z0, K1, (DI)(AX*1)
	END

// func mulAdd512(out, a, s, b *float32, n int)
TEXT ·mulAdd512(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ s+16(FP), BX
	MOVQ b+24(FP), DX
	MOVQ n+32(FP), CX
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	VMOVUPS.Z (DX)(AX*1), K1, Z1
	VFMADD231PS (BX)(AX*1), Z0, K1, Z1
	VMOVUPS Z1, K1, (DI)(AX*1)
	END

// 3 and 6.
DATA gate<>+0(SB)/4, $0x40400000
DATA gate<>+4(SB)/4, $0x40c00000
GLOBL gate<>(SB), RODATA|NOPTR, $8

// func hardSwish512(out, x *float32, n int, scale, shift float32)
TEXT ·hardSwish512(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS scale+24(FP), Z2
	VBROADCASTSS shift+28(FP), Z3
	VBROADCASTSS gate<>+0(SB), Z4
	VBROADCASTSS gate<>+4(SB), Z5
	VXORPS Z6, Z6, Z6
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	VADDPS Z4, Z0, Z1
	VMAXPS Z1, Z6, Z1
	VMINPS Z1, Z5, Z1
	VMULPS Z2, Z0, Z0
	VFMADD213PS Z3, Z1, Z0
	VMOVUPS Z0, K1, (DI)(AX*1)
	END

// Where the floats of two interleaved vectors come from: from 16 on they are those of the second.
DATA pairs<>+0(SB)/4, $0
DATA pairs<>+4(SB)/4, $16
DATA pairs<>+8(SB)/4, $1
DATA pairs<>+12(SB)/4, $17
DATA pairs<>+16(SB)/4, $2
DATA pairs<>+20(SB)/4, $18
DATA pairs<>+24(SB)/4, $3
DATA pairs<>+28(SB)/4, $19
DATA pairs<>+32(SB)/4, $4
DATA pairs<>+36(SB)/4, $20
DATA pairs<>+40(SB)/4, $5
DATA pairs<>+44(SB)/4, $21
DATA pairs<>+48(SB)/4, $6
DATA pairs<>+52(SB)/4, $22
DATA pairs<>+56(SB)/4, $7
DATA pairs<>+60(SB)/4, $23
DATA pairs<>+64(SB)/4, $8
DATA pairs<>+68(SB)/4, $24
DATA pairs<>+72(SB)/4, $9
DATA pairs<>+76(SB)/4, $25
DATA pairs<>+80(SB)/4, $10
DATA pairs<>+84(SB)/4, $26
DATA pairs<>+88(SB)/4, $11
DATA pairs<>+92(SB)/4, $27
DATA pairs<>+96(SB)/4, $12
DATA pairs<>+100(SB)/4, $28
DATA pairs<>+104(SB)/4, $13
DATA pairs<>+108(SB)/4, $29
DATA pairs<>+112(SB)/4, $14
DATA pairs<>+116(SB)/4, $30
DATA pairs<>+120(SB)/4, $15
DATA pairs<>+124(SB)/4, $31
GLOBL pairs<>(SB), RODATA|NOPTR, $128

// func interleave512(out, a, b *float32, n, count, outPitch, pitchA, pitchB int)
TEXT ·interleave512(SB), NOSPLIT, $0-64
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ count+32(FP), BX
	MOVQ outPitch+40(FP), R10
	MOVQ pitchA+48(FP), R11
	MOVQ pitchB+56(FP), R12
	VMOVUPS pairs<>+0(SB), Z0
	VMOVUPS pairs<>+64(SB), Z1

run:
	MOVQ n+24(FP), CX
	XORL AX, AX

sixteen:
	SUBQ $16, CX
	JLT  part
	VMOVUPS (SI)(AX*1), Z2
	VMOVUPS (DX)(AX*1), Z4
	VMOVAPS Z2, Z3
	VPERMT2PS Z4, Z0, Z2
	VPERMT2PS Z4, Z1, Z3
	VMOVUPS Z2, (DI)(AX*2)
	VMOVUPS Z3, 64(DI)(AX*2)
	ADDQ $64, AX
	JMP  sixteen

part:
	ADDQ $16, CX
	JZ   next
	MOVQ $-1, R9
	BZHIQ CX, R9, R8
	KMOVW R8, K1
	ADDQ CX, CX
	BZHIQ CX, R9, R8
	KMOVW R8, K2
	SHRQ $16, R8
	KMOVW R8, K3
	VMOVUPS.Z (SI)(AX*1), K1, Z2
	VMOVUPS.Z (DX)(AX*1), K1, Z4
	VMOVAPS Z2, Z3
	VPERMT2PS Z4, Z0, Z2
	VPERMT2PS Z4, Z1, Z3
	VMOVUPS Z2, K2, (DI)(AX*2)
	VMOVUPS Z3, K3, 64(DI)(AX*2)

next:
	LEAQ (DI)(R10*4), DI
	LEAQ (SI)(R11*4), SI
	LEAQ (DX)(R12*4), DX
	DECQ BX
	JNZ  run
	VZEROUPPER
	RET

// Where the floats of three merged vectors come from: in threes, from the first two of them (from 16 on the second) and
// from the third, whose floats the masks name.
DATA threes<>+0(SB)/4, $0
DATA threes<>+4(SB)/4, $16
DATA threes<>+8(SB)/4, $0
DATA threes<>+12(SB)/4, $1
DATA threes<>+16(SB)/4, $17
DATA threes<>+20(SB)/4, $0
DATA threes<>+24(SB)/4, $2
DATA threes<>+28(SB)/4, $18
DATA threes<>+32(SB)/4, $0
DATA threes<>+36(SB)/4, $3
DATA threes<>+40(SB)/4, $19
DATA threes<>+44(SB)/4, $0
DATA threes<>+48(SB)/4, $4
DATA threes<>+52(SB)/4, $20
DATA threes<>+56(SB)/4, $0
DATA threes<>+60(SB)/4, $5
DATA threes<>+64(SB)/4, $21
DATA threes<>+68(SB)/4, $0
DATA threes<>+72(SB)/4, $6
DATA threes<>+76(SB)/4, $22
DATA threes<>+80(SB)/4, $0
DATA threes<>+84(SB)/4, $7
DATA threes<>+88(SB)/4, $23
DATA threes<>+92(SB)/4, $0
DATA threes<>+96(SB)/4, $8
DATA threes<>+100(SB)/4, $24
DATA threes<>+104(SB)/4, $0
DATA threes<>+108(SB)/4, $9
DATA threes<>+112(SB)/4, $25
DATA threes<>+116(SB)/4, $0
DATA threes<>+120(SB)/4, $10
DATA threes<>+124(SB)/4, $26
DATA threes<>+128(SB)/4, $0
DATA threes<>+132(SB)/4, $11
DATA threes<>+136(SB)/4, $27
DATA threes<>+140(SB)/4, $0
DATA threes<>+144(SB)/4, $12
DATA threes<>+148(SB)/4, $28
DATA threes<>+152(SB)/4, $0
DATA threes<>+156(SB)/4, $13
DATA threes<>+160(SB)/4, $29
DATA threes<>+164(SB)/4, $0
DATA threes<>+168(SB)/4, $14
DATA threes<>+172(SB)/4, $30
DATA threes<>+176(SB)/4, $0
DATA threes<>+180(SB)/4, $15
DATA threes<>+184(SB)/4, $31
DATA threes<>+188(SB)/4, $0
GLOBL threes<>(SB), RODATA|NOPTR, $192

DATA thirds<>+0(SB)/4, $0
DATA thirds<>+4(SB)/4, $0
DATA thirds<>+8(SB)/4, $0
DATA thirds<>+12(SB)/4, $0
DATA thirds<>+16(SB)/4, $0
DATA thirds<>+20(SB)/4, $1
DATA thirds<>+24(SB)/4, $0
DATA thirds<>+28(SB)/4, $0
DATA thirds<>+32(SB)/4, $2
DATA thirds<>+36(SB)/4, $0
DATA thirds<>+40(SB)/4, $0
DATA thirds<>+44(SB)/4, $3
DATA thirds<>+48(SB)/4, $0
DATA thirds<>+52(SB)/4, $0
DATA thirds<>+56(SB)/4, $4
DATA thirds<>+60(SB)/4, $0
DATA thirds<>+64(SB)/4, $0
DATA thirds<>+68(SB)/4, $5
DATA thirds<>+72(SB)/4, $0
DATA thirds<>+76(SB)/4, $0
DATA thirds<>+80(SB)/4, $6
DATA thirds<>+84(SB)/4, $0
DATA thirds<>+88(SB)/4, $0
DATA thirds<>+92(SB)/4, $7
DATA thirds<>+96(SB)/4, $0
DATA thirds<>+100(SB)/4, $0
DATA thirds<>+104(SB)/4, $8
DATA thirds<>+108(SB)/4, $0
DATA thirds<>+112(SB)/4, $0
DATA thirds<>+116(SB)/4, $9
DATA thirds<>+120(SB)/4, $0
DATA thirds<>+124(SB)/4, $0
DATA thirds<>+128(SB)/4, $10
DATA thirds<>+132(SB)/4, $0
DATA thirds<>+136(SB)/4, $0
DATA thirds<>+140(SB)/4, $11
DATA thirds<>+144(SB)/4, $0
DATA thirds<>+148(SB)/4, $0
DATA thirds<>+152(SB)/4, $12
DATA thirds<>+156(SB)/4, $0
DATA thirds<>+160(SB)/4, $0
DATA thirds<>+164(SB)/4, $13
DATA thirds<>+168(SB)/4, $0
DATA thirds<>+172(SB)/4, $0
DATA thirds<>+176(SB)/4, $14
DATA thirds<>+180(SB)/4, $0
DATA thirds<>+184(SB)/4, $0
DATA thirds<>+188(SB)/4, $15
GLOBL thirds<>(SB), RODATA|NOPTR, $192

// func merge3512(out, a, b, c *float32, n int)
TEXT ·merge3512(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ c+24(FP), BX
	MOVQ n+32(FP), CX
	VMOVUPS threes<>+0(SB), Z0
	VMOVUPS threes<>+64(SB), Z1
	VMOVUPS threes<>+128(SB), Z2
	VMOVUPS thirds<>+0(SB), Z3
	VMOVUPS thirds<>+64(SB), Z4
	VMOVUPS thirds<>+128(SB), Z5
	MOVL $18724, R8
	KMOVW R8, K2
	MOVL $9362, R8
	KMOVW R8, K3
	MOVL $37449, R8
	KMOVW R8, K4
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z6
	VMOVUPS.Z (DX)(AX*1), K1, Z7
	VMOVUPS.Z (BX)(AX*1), K1, Z8
	VMOVAPS Z6, Z9
	VMOVAPS Z6, Z10
	VPERMT2PS Z7, Z0, Z6
	VPERMT2PS Z7, Z1, Z9
	VPERMT2PS Z7, Z2, Z10
	VPERMPS Z8, Z3, K2, Z6
	VPERMPS Z8, Z4, K3, Z9
	VPERMPS Z8, Z5, K4, Z10
	CMPQ CX, $16
	JLT  part
	VMOVUPS Z6, (DI)
	VMOVUPS Z9, 64(DI)
	VMOVUPS Z10, 128(DI)
	ADDQ $192, DI
	JMP  next

part:
	LEAQ (CX)(CX*2), R9
	MOVQ $-1, R8
	BZHIQ R9, R8, R8
	KMOVW R8, K5
	SHRQ $16, R8
	KMOVW R8, K6
	SHRQ $16, R8
	KMOVW R8, K7
	VMOVUPS Z6, K5, (DI)
	VMOVUPS Z9, K6, 64(DI)
	VMOVUPS Z10, K7, 128(DI)

next:
	END

// The constants of Exp, see there; the last three are the ends of its range and infinity.
DATA exponential<>+0(SB)/4, $0x3fb8aa3b // log2 e
DATA exponential<>+4(SB)/4, $0x3f318000 // ln 2, high part
DATA exponential<>+8(SB)/4, $0xb95e8083 // ln 2, low part
DATA exponential<>+12(SB)/4, $0x39506967 // 1.9875691500e-4
DATA exponential<>+16(SB)/4, $0x3ab743ce // 1.3981999507e-3
DATA exponential<>+20(SB)/4, $0x3c088908 // 8.3334519073e-3
DATA exponential<>+24(SB)/4, $0x3d2aa9c1 // 4.1665795894e-2
DATA exponential<>+28(SB)/4, $0x3e2aaaaa // 1.6666665459e-1
DATA exponential<>+32(SB)/4, $0x3f000000 // 5.0000001201e-1
DATA exponential<>+36(SB)/4, $0x3f800000 // 1
DATA exponential<>+40(SB)/4, $0x0000007f // 127
DATA exponential<>+44(SB)/4, $0x42b0bd71 // 88.37
DATA exponential<>+48(SB)/4, $0xc2ae999a // -87.3
DATA exponential<>+52(SB)/4, $0x7f800000 // +Inf
GLOBL exponential<>(SB), RODATA|NOPTR, $56

// EXPCONSTANTS loads them into Z18…Z31.
#define EXPCONSTANTS \
	VBROADCASTSS exponential<>+0(SB), Z31; \
	VBROADCASTSS exponential<>+4(SB), Z30; \
	VBROADCASTSS exponential<>+8(SB), Z29; \
	VBROADCASTSS exponential<>+12(SB), Z28; \
	VBROADCASTSS exponential<>+16(SB), Z27; \
	VBROADCASTSS exponential<>+20(SB), Z26; \
	VBROADCASTSS exponential<>+24(SB), Z25; \
	VBROADCASTSS exponential<>+28(SB), Z24; \
	VBROADCASTSS exponential<>+32(SB), Z23; \
	VBROADCASTSS exponential<>+36(SB), Z22; \
	VBROADCASTSS exponential<>+40(SB), Z21; \
	VBROADCASTSS exponential<>+44(SB), Z20; \
	VBROADCASTSS exponential<>+48(SB), Z19; \
	VBROADCASTSS exponential<>+52(SB), Z18

// EXP is e to the power of Z0, in Z3; it uses Z1, Z2, Z4, K2 and K3. What is no number comes out as such.
#define EXP \
	VMULPS Z31, Z0, Z1; \
	VRNDSCALEPS $0, Z1, Z1; \
	VMOVAPS Z0, Z2; \
	VFNMADD231PS Z30, Z1, Z2; \
	VFNMADD231PS Z29, Z1, Z2; \
	VMOVAPS Z28, Z3; \
	VFMADD213PS Z27, Z2, Z3; \
	VFMADD213PS Z26, Z2, Z3; \
	VFMADD213PS Z25, Z2, Z3; \
	VFMADD213PS Z24, Z2, Z3; \
	VFMADD213PS Z23, Z2, Z3; \
	VMULPS Z2, Z2, Z4; \
	VFMADD213PS Z2, Z4, Z3; \
	VADDPS Z22, Z3, Z3; \
	VCVTPS2DQ Z1, Z1; \
	VPADDD Z21, Z1, Z1; \
	VPSLLD $23, Z1, Z1; \
	VCMPPS $5, Z19, Z0, K2; \
	VCMPPS $14, Z20, Z0, K3; \
	VMULPS.Z Z1, Z3, K2, Z3; \
	VMOVAPS Z18, K3, Z3

// func exp512(out, x *float32, n int)
TEXT ·exp512(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	EXPCONSTANTS
	BEGIN
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	EXP
	VMOVUPS Z3, K1, (DI)(AX*1)
	END

// TAIL sets K1 for the floats that are left.
#define TAIL \
	KXNORW K1, K1, K1; \
	CMPQ CX, $16; \
	JGE  3(PC); \
	BZHIQ CX, R9, R8; \
	KMOVW R8, K1

// func softmax512(out, x *float32, n int)
// n is at least 1. First the greatest, then the exponentials and their sum, then the quotients.
TEXT ·softmax512(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), R10
	MOVQ $-1, R9
	EXPCONSTANTS
	VXORPS Z17, Z17, Z17
	VSUBPS Z18, Z17, Z17 // −Inf
	VMOVAPS Z17, Z5
	VMOVAPS Z17, Z6
	MOVQ R10, CX
	XORL AX, AX

greatest:
	TAIL
	VMOVAPS Z17, Z0
	VMOVUPS (SI)(AX*1), K1, Z0
	VMAXPS Z5, Z0, Z5
	ADDQ $64, AX
	SUBQ $16, CX
	JLE  found
	TAIL
	VMOVAPS Z17, Z0
	VMOVUPS (SI)(AX*1), K1, Z0
	VMAXPS Z6, Z0, Z6
	ADDQ $64, AX
	SUBQ $16, CX
	JG   greatest

found:
	VMAXPS Z6, Z5, Z5
	VSHUFF64X2 $0x4e, Z5, Z5, Z6
	VMAXPS Z6, Z5, Z5
	VSHUFF64X2 $0xb1, Z5, Z5, Z6
	VMAXPS Z6, Z5, Z5
	VPERMILPS $0x4e, Z5, Z6
	VMAXPS Z6, Z5, Z5
	VPERMILPS $0xb1, Z5, Z6
	VMAXPS Z6, Z5, Z5    // in all lanes
	VXORPS Z7, Z7, Z7
	MOVQ R10, CX
	XORL AX, AX

powers:
	TAIL
	VMOVUPS.Z (SI)(AX*1), K1, Z0
	VSUBPS Z5, Z0, Z0
	EXP
	VMOVUPS Z3, K1, (DI)(AX*1)
	VADDPS Z3, Z7, K1, Z7
	ADDQ $64, AX
	SUBQ $16, CX
	JG   powers

	VSHUFF64X2 $0x4e, Z7, Z7, Z6
	VADDPS Z6, Z7, Z7
	VSHUFF64X2 $0xb1, Z7, Z7, Z6
	VADDPS Z6, Z7, Z7
	VPERMILPS $0x4e, Z7, Z6
	VADDPS Z6, Z7, Z7
	VPERMILPS $0xb1, Z7, Z6
	VADDPS Z6, Z7, Z7
	VDIVPS Z7, Z22, Z7   // one through the sum
	MOVQ R10, CX
	XORL AX, AX

quotients:
	TAIL
	VMULPS.Z (DI)(AX*1), Z7, K1, Z0
	VMOVUPS Z0, K1, (DI)(AX*1)
	ADDQ $64, AX
	SUBQ $16, CX
	JG   quotients
	VZEROUPPER
	RET
