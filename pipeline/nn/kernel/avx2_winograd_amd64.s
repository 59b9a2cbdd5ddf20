#include "textflag.h"

DATA winograd<>+0(SB)/4, $0x40000000  // 2
DATA winograd<>+4(SB)/4, $0x40800000  // 4
DATA winograd<>+8(SB)/4, $0x40a00000  // 5
DATA winograd<>+12(SB)/4, $0x41000000 // 8
GLOBL winograd<>(SB), RODATA|NOPTR, $16

// INPUT is Bᵀ times the column Y0…Y5, with 4 in Y13 and 5 in Y14; the result is Y6, Y0, Y1, Y2, Y3, Y7.
#define INPUT \
	VMOVAPS Y4, Y6; \
	VFNMADD231PS Y2, Y14, Y6; \
	VFMADD231PS Y0, Y13, Y6; \
	VMOVAPS Y5, Y7; \
	VFNMADD231PS Y3, Y14, Y7; \
	VFMADD231PS Y1, Y13, Y7; \
	VMOVAPS Y4, Y8; \
	VFNMADD231PS Y2, Y13, Y8; \
	VMOVAPS Y3, Y9; \
	VFNMADD231PS Y1, Y13, Y9; \
	VSUBPS Y2, Y4, Y10; \
	VSUBPS Y1, Y3, Y11; \
	VADDPS Y11, Y11, Y11; \
	VADDPS Y9, Y8, Y0; \
	VSUBPS Y9, Y8, Y1; \
	VADDPS Y11, Y10, Y2; \
	VSUBPS Y11, Y10, Y3

// PLACE loads one place of the patch; AX is the base, BX the offsets.
#define PLACE(N, Y) \
	MOVLQSX (4*(N))(BX), R10; \
	VMOVUPS (AX)(R10*4), Y

// COLUMN transforms column X of the patch into the frame.
#define COLUMN(X) \
	PLACE(X, Y0); \
	PLACE(X+6, Y1); \
	PLACE(X+12, Y2); \
	PLACE(X+18, Y3); \
	PLACE(X+24, Y4); \
	PLACE(X+30, Y5); \
	INPUT; \
	VMOVUPS Y6, (32*X)(R11); \
	VMOVUPS Y0, (32*X+192)(R11); \
	VMOVUPS Y1, (32*X+384)(R11); \
	VMOVUPS Y2, (32*X+576)(R11); \
	VMOVUPS Y3, (32*X+768)(R11); \
	VMOVUPS Y7, (32*X+960)(R11)

// func winogradInputAVX2(out *float32, pitch int, base *float32, offsets *int32, channels int)
TEXT ·winogradInputAVX2(SB), 0, $1152-40
	MOVQ out+0(FP), DI
	MOVQ pitch+8(FP), SI
	MOVQ base+16(FP), AX
	MOVQ offsets+24(FP), BX
	MOVQ channels+32(FP), CX
	SHLQ $2, SI
	LEAQ (SI)(SI*2), R8
	LEAQ scratch-1152(SP), R11
	VBROADCASTSS winograd<>+4(SB), Y13
	VBROADCASTSS winograd<>+8(SB), Y14

inblock:
	COLUMN(0)
	COLUMN(1)
	COLUMN(2)
	COLUMN(3)
	COLUMN(4)
	COLUMN(5)
	MOVQ DI, DX
	MOVQ R11, R9
	MOVQ $6, R12

inrow:
	VMOVUPS (R9), Y0
	VMOVUPS 32(R9), Y1
	VMOVUPS 64(R9), Y2
	VMOVUPS 96(R9), Y3
	VMOVUPS 128(R9), Y4
	VMOVUPS 160(R9), Y5
	INPUT
	VMOVUPS Y6, (DX)
	VMOVUPS Y0, (DX)(SI*1)
	VMOVUPS Y1, (DX)(SI*2)
	VMOVUPS Y2, (DX)(R8*1)
	LEAQ (DX)(R8*1), DX
	VMOVUPS Y3, (DX)(SI*1)
	VMOVUPS Y7, (DX)(SI*2)
	LEAQ (DX)(R8*1), DX
	ADDQ $192, R9
	DECQ R12
	JNZ  inrow
	ADDQ $32, AX
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  inblock
	VZEROUPPER
	RET

// OUTPUT is Aᵀ times the column Y0…Y5, with 2, 4 and 8 in Y13…Y15; the result is Y6…Y9.
#define OUTPUT \
	VADDPS Y2, Y1, Y10; \
	VSUBPS Y2, Y1, Y11; \
	VADDPS Y4, Y3, Y12; \
	VSUBPS Y4, Y3, Y4; \
	VADDPS Y10, Y0, Y6; \
	VADDPS Y12, Y6, Y6; \
	VMOVAPS Y11, Y7; \
	VFMADD231PS Y4, Y13, Y7; \
	VMOVAPS Y10, Y8; \
	VFMADD231PS Y12, Y14, Y8; \
	VADDPS Y5, Y11, Y9; \
	VFMADD231PS Y4, Y15, Y9

// func winogradOutputAVX2(out *float32, row, pixel int, m *float32, pitch int, bias *float32, channels int, low float32)
TEXT ·winogradOutputAVX2(SB), 0, $768-60
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), R13
	MOVQ pixel+16(FP), SI
	MOVQ m+24(FP), AX
	MOVQ pitch+32(FP), R8
	MOVQ bias+40(FP), BX
	MOVQ channels+48(FP), CX
	SHLQ $2, R13
	SHLQ $2, SI
	SHLQ $2, R8
	LEAQ (SI)(SI*2), R12
	LEAQ (R8)(R8*2), R10
	ADDQ R10, R10             // from row to row of the patch
	LEAQ scratch-768(SP), R11
	VBROADCASTSS winograd<>+0(SB), Y13
	VBROADCASTSS winograd<>+4(SB), Y14
	VBROADCASTSS winograd<>+12(SB), Y15

outblock:
	MOVQ AX, DX
	MOVQ R11, R9
	MOVQ $6, R15

outcolumn:
	VMOVUPS (DX), Y0
	VMOVUPS (DX)(R10*1), Y1
	VMOVUPS (DX)(R10*2), Y2
	LEAQ (DX)(R10*2), R14
	VMOVUPS (R14)(R10*1), Y3
	VMOVUPS (R14)(R10*2), Y4
	LEAQ (R14)(R10*2), R14
	VMOVUPS (R14)(R10*1), Y5
	OUTPUT
	VMOVUPS Y6, (R9)
	VMOVUPS Y7, 192(R9)
	VMOVUPS Y8, 384(R9)
	VMOVUPS Y9, 576(R9)
	ADDQ R8, DX
	ADDQ $32, R9
	DECQ R15
	JNZ  outcolumn

	MOVQ R11, R9
	MOVQ DI, DX
	MOVQ $4, R15

outrow:
	VMOVUPS (R9), Y0
	VMOVUPS 32(R9), Y1
	VMOVUPS 64(R9), Y2
	VMOVUPS 96(R9), Y3
	VMOVUPS 128(R9), Y4
	VMOVUPS 160(R9), Y5
	OUTPUT
	VMOVUPS (BX), Y0
	VADDPS Y0, Y6, Y6
	VADDPS Y0, Y7, Y7
	VADDPS Y0, Y8, Y8
	VADDPS Y0, Y9, Y9
	VBROADCASTSS low+56(FP), Y1
	VMAXPS Y6, Y1, Y6
	VMAXPS Y7, Y1, Y7
	VMAXPS Y8, Y1, Y8
	VMAXPS Y9, Y1, Y9
	VMOVUPS Y6, (DX)
	VMOVUPS Y7, (DX)(SI*1)
	VMOVUPS Y8, (DX)(SI*2)
	VMOVUPS Y9, (DX)(R12*1)
	ADDQ R13, DX
	ADDQ $192, R9
	DECQ R15
	JNZ  outrow
	ADDQ $32, AX
	ADDQ $32, DI
	ADDQ $32, BX
	SUBQ $8, CX
	JNZ  outblock
	VZEROUPPER
	RET
