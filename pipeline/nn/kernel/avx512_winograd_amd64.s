#include "textflag.h"

// Both transforms hold a patch of 16 channels in registers; a mask keeps to the channels that are there. Going through the
// stack would cost 36 stores more, of which Zen 4 makes one in two cycles.

DATA winograd512<>+0(SB)/4, $0x40000000  // 2
DATA winograd512<>+4(SB)/4, $0x40800000  // 4
DATA winograd512<>+8(SB)/4, $0x40a00000  // 5
DATA winograd512<>+12(SB)/4, $0x41000000 // 8
GLOBL winograd512<>(SB), RODATA|NOPTR, $16

// CHANNELS sets K1 to the channels of this round, of which CX are left.
#define CHANNELS \
	MOVL    $16, R10; \
	CMPQ    CX, R10; \
	CMOVQLT CX, R10; \
	MOVL    $-1, R14; \
	BZHIL   R10, R14, R14; \
	KMOVW   R14, K1

// PLACE loads one place of the patch; AX is the base, BX the offsets.
#define PLACE(N, R) \
	MOVLQSX (4*(N))(BX), R10; \
	VMOVUPS.Z (AX)(R10*4), K1, R

// MIDDLE makes rows 1 to 4 of Bᵀ times column X.
#define MIDDLE(X, A, B, C, D) \
	PLACE(X+6, A); \
	PLACE(X+12, B); \
	PLACE(X+18, C); \
	PLACE(X+24, D); \
	VSUBPS B, D, Z24; \
	VSUBPS A, C, Z25; \
	VFNMADD231PS B, Z30, D; \
	VFNMADD231PS A, Z30, C; \
	VADDPS Z25, Z25, Z25; \
	VADDPS C, D, A; \
	VSUBPS C, D, B; \
	VADDPS Z25, Z24, C; \
	VSUBPS Z25, Z24, D

// OUTER makes row 0 of it from the places of N, or row 5.
#define OUTER(N, A) \
	PLACE(N+24, A); \
	PLACE(N+12, Z24); \
	PLACE(N, Z25); \
	VFNMADD231PS Z24, Z31, A; \
	VFMADD231PS Z25, Z30, A

// ACROSS multiplies a row with B and stores it at DX.
#define ACROSS(A, B, C, D, E, F) \
	VMOVAPS E, Z24; \
	VMOVAPS D, Z25; \
	VSUBPS C, E, Z26; \
	VSUBPS B, D, Z27; \
	VFNMADD231PS C, Z30, Z24; \
	VFNMADD231PS B, Z30, Z25; \
	VADDPS Z27, Z27, Z27; \
	VFMADD213PS E, Z30, A; \
	VFMADD231PS B, Z30, F; \
	VFNMADD231PS C, Z31, A; \
	VFNMADD231PS D, Z31, F; \
	VADDPS Z25, Z24, B; \
	VSUBPS Z25, Z24, C; \
	VADDPS Z27, Z26, D; \
	VSUBPS Z27, Z26, E; \
	LEAQ (DX)(R8*1), R9; \
	VMOVUPS A, K1, (DX); \
	VMOVUPS B, K1, (DX)(SI*1); \
	VMOVUPS C, K1, (DX)(SI*2); \
	VMOVUPS D, K1, (R9); \
	VMOVUPS E, K1, (R9)(SI*1); \
	VMOVUPS F, K1, (R9)(SI*2)

// func winogradInputAVX512(out *float32, pitch int, base *float32, offsets *int32, channels int)
TEXT ·winogradInputAVX512(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ pitch+8(FP), SI
	MOVQ base+16(FP), AX
	MOVQ offsets+24(FP), BX
	MOVQ channels+32(FP), CX
	SHLQ $2, SI
	LEAQ (SI)(SI*2), R8
	VBROADCASTSS winograd512<>+4(SB), Z30
	VBROADCASTSS winograd512<>+8(SB), Z31

inblock:
	CHANNELS
	MIDDLE(0, Z0, Z6, Z12, Z18)
	MIDDLE(1, Z1, Z7, Z13, Z19)
	MIDDLE(2, Z2, Z8, Z14, Z20)
	MIDDLE(3, Z3, Z9, Z15, Z21)
	MIDDLE(4, Z4, Z10, Z16, Z22)
	MIDDLE(5, Z5, Z11, Z17, Z23)
	LEAQ (DI)(R8*2), DX
	ACROSS(Z0, Z1, Z2, Z3, Z4, Z5)
	LEAQ (DX)(R8*2), DX
	ACROSS(Z6, Z7, Z8, Z9, Z10, Z11)
	LEAQ (DX)(R8*2), DX
	ACROSS(Z12, Z13, Z14, Z15, Z16, Z17)
	LEAQ (DX)(R8*2), DX
	ACROSS(Z18, Z19, Z20, Z21, Z22, Z23)
	OUTER(0, Z0)
	OUTER(1, Z1)
	OUTER(2, Z2)
	OUTER(3, Z3)
	OUTER(4, Z4)
	OUTER(5, Z5)
	OUTER(6, Z6)
	OUTER(7, Z7)
	OUTER(8, Z8)
	OUTER(9, Z9)
	OUTER(10, Z10)
	OUTER(11, Z11)
	LEAQ (DX)(R8*2), DX
	ACROSS(Z6, Z7, Z8, Z9, Z10, Z11)
	MOVQ DI, DX
	ACROSS(Z0, Z1, Z2, Z3, Z4, Z5)
	ADDQ $64, AX
	ADDQ $64, DI
	SUBQ $16, CX
	JGT  inblock
	VZEROUPPER
	RET

// DOWN makes Aᵀ times the column at DX, with 2, 4 and 8 in Z29…Z31, and goes on to the next.
#define DOWN(A, B, C, D) \
	LEAQ (DX)(R10*2), R14; \
	ADDQ R10, R14; \
	VMOVUPS.Z (DX)(R10*1), K1, Z24; \
	VMOVUPS.Z (DX)(R10*2), K1, Z25; \
	VMOVUPS.Z (R14), K1, Z26; \
	VMOVUPS.Z (R14)(R10*1), K1, Z27; \
	VMOVUPS.Z (DX), K1, A; \
	VMOVUPS.Z (R14)(R10*2), K1, D; \
	ADDQ R8, DX; \
	VADDPS Z25, Z24, C; \
	VSUBPS Z25, Z24, B; \
	VADDPS Z27, Z26, Z25; \
	VSUBPS Z27, Z26, Z26; \
	VADDPS C, A, A; \
	VADDPS B, D, D; \
	VADDPS Z25, A, A; \
	VFMADD231PS Z26, Z29, B; \
	VFMADD231PS Z25, Z30, C; \
	VFMADD231PS Z26, Z31, D

// OUT multiplies a row with A, adds the bias in Z28 and stores it at DX, at least R11, a float; the order of the operands lets NaN
// through.
#define OUT(A, B, C, D, E, F) \
	VADDPS C, B, Z24; \
	VSUBPS C, B, Z25; \
	VADDPS E, D, Z26; \
	VSUBPS E, D, Z27; \
	VADDPS Z28, Z24, C; \
	VADDPS Z28, Z25, B; \
	VPBROADCASTD R11, E; \
	VADDPS C, A, A; \
	VADDPS B, F, F; \
	VADDPS Z26, A, A; \
	VFMADD231PS Z27, Z29, B; \
	VFMADD231PS Z26, Z30, C; \
	VFMADD231PS Z27, Z31, F; \
	VMAXPS A, E, A; \
	VMAXPS B, E, B; \
	VMAXPS C, E, C; \
	VMAXPS F, E, F; \
	VMOVUPS A, K1, (DX); \
	VMOVUPS B, K1, (DX)(SI*1); \
	VMOVUPS C, K1, (DX)(SI*2); \
	VMOVUPS F, K1, (DX)(R12*1); \
	ADDQ R13, DX

// func winogradOutputAVX512(out *float32, row, pixel int, m *float32, pitch int, bias *float32, channels int, low float32)
TEXT ·winogradOutputAVX512(SB), NOSPLIT, $0-60
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), R13
	MOVQ pixel+16(FP), SI
	MOVQ m+24(FP), AX
	MOVQ pitch+32(FP), R8
	MOVQ bias+40(FP), BX
	MOVQ channels+48(FP), CX
	MOVL low+56(FP), R11
	SHLQ $2, R13
	SHLQ $2, SI
	SHLQ $2, R8
	LEAQ (SI)(SI*2), R12
	VBROADCASTSS winograd512<>+0(SB), Z29
	VBROADCASTSS winograd512<>+4(SB), Z30
	VBROADCASTSS winograd512<>+12(SB), Z31

outblock:
	CHANNELS
	LEAQ (R8)(R8*2), R10
	ADDQ R10, R10             // from row to row of the patch
	MOVQ AX, DX
	DOWN(Z0, Z6, Z12, Z18)
	DOWN(Z1, Z7, Z13, Z19)
	DOWN(Z2, Z8, Z14, Z20)
	DOWN(Z3, Z9, Z15, Z21)
	DOWN(Z4, Z10, Z16, Z22)
	DOWN(Z5, Z11, Z17, Z23)
	VMOVUPS.Z (BX), K1, Z28
	MOVQ DI, DX
	OUT(Z0, Z1, Z2, Z3, Z4, Z5)
	OUT(Z6, Z7, Z8, Z9, Z10, Z11)
	OUT(Z12, Z13, Z14, Z15, Z16, Z17)
	OUT(Z18, Z19, Z20, Z21, Z22, Z23)
	ADDQ $64, AX
	ADDQ $64, DI
	ADDQ $64, BX
	SUBQ $16, CX
	JGT  outblock
	VZEROUPPER
	RET
