#include "textflag.h"

DATA hardswish<>+0(SB)/4, $0x40400000 // 3
DATA hardswish<>+4(SB)/4, $0x40c00000 // 6
GLOBL hardswish<>(SB), RODATA|NOPTR, $8

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

// func merge3Vectors(out, a, b, c *float32, n int)
// Twelve values of each half of the vectors are put in order, then the halves.
TEXT ·merge3Vectors(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ c+24(FP), BX
	MOVQ n+32(FP), CX
	XORQ AX, AX

m3loop:
	VMOVUPS (SI)(AX*4), Y0
	VMOVUPS (DX)(AX*4), Y1
	VMOVUPS (BX)(AX*4), Y2
	VSHUFPS $0x00, Y1, Y0, Y3 // a0 a0 b0 b0
	VSHUFPS $0x50, Y0, Y2, Y4 // c0 c0 a1 a1
	VSHUFPS $0x88, Y4, Y3, Y5 // a0 b0 c0 a1
	VSHUFPS $0x55, Y2, Y1, Y3 // b1 b1 c1 c1
	VSHUFPS $0xaa, Y1, Y0, Y4 // a2 a2 b2 b2
	VSHUFPS $0x88, Y4, Y3, Y6 // b1 c1 a2 b2
	VSHUFPS $0xfa, Y0, Y2, Y3 // c2 c2 a3 a3
	VSHUFPS $0xff, Y2, Y1, Y4 // b3 b3 c3 c3
	VSHUFPS $0x88, Y4, Y3, Y7 // c2 a3 b3 c3
	VPERM2F128 $0x20, Y6, Y5, Y3
	VPERM2F128 $0x30, Y5, Y7, Y4
	VPERM2F128 $0x31, Y7, Y6, Y5
	VMOVUPS Y3, (DI)
	VMOVUPS Y4, 32(DI)
	VMOVUPS Y5, 64(DI)
	ADDQ $96, DI
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  m3loop
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
