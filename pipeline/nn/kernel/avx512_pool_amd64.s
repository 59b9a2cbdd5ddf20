#include "textflag.h"
#include "go_asm.h"

// Less than every number.
DATA least<>+0(SB)/4, $0xff800000
GLOBL least<>(SB), RODATA|NOPTR, $4

// func maxRow512(r *Row)
// Pixel after pixel, 16 channels at a time, the last of them masked.
TEXT ·maxRow512(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), DI
	MOVQ Row_Out(DI), SI
	MOVQ Row_Step(DI), R8
	MOVQ Row_Tap(DI), R9
	MOVQ Row_OutPitch(DI), R10
	MOVQ Row_Count(DI), R12
	SHLQ $2, R8
	SHLQ $2, R9
	SHLQ $2, R10
	XORL R13, R13
	VBROADCASTSS least<>(SB), Z2

pixel:
	XORL AX, AX
	MOVQ Row_Channels(DI), CX
	KXNORW K1, K1, K1

block:
	CMPQ CX, $16
	JGE  whole
	MOVQ $-1, R11
	BZHIQ CX, R11, R11
	KMOVW R11, K1

whole:
	VMOVAPS Z2, Z0
	MOVQ Row_Rows(DI), BX
	LEAQ Row_In(DI), DX

row:
	MOVQ (DX), R14
	ADDQ R13, R14
	ADDQ AX, R14
	MOVQ Row_Taps(DI), R15

tap:
	VMOVUPS.Z (R14), K1, Z1
	VMAXPS Z0, Z1, Z0
	ADDQ R9, R14
	DECQ R15
	JNZ  tap
	ADDQ $24, DX
	DECQ BX
	JNZ  row
	VMOVUPS Z0, K1, (SI)(AX*1)
	ADDQ $64, AX
	SUBQ $16, CX
	JG   block
	ADDQ R8, R13
	ADDQ R10, SI
	DECQ R12
	JNZ  pixel
	VZEROUPPER
	RET
