#include "textflag.h"
#include "go_asm.h"

// Less than every number.
DATA least2<>+0(SB)/4, $0xff800000
GLOBL least2<>(SB), RODATA|NOPTR, $4

// func maxRowAVX2(r *Row)
// Pixel after pixel, eight channels at a time; the last are moved back over channels that are done already.
TEXT ·maxRowAVX2(SB), NOSPLIT, $0-8
	MOVQ r+0(FP), DI
	MOVQ Row_Out(DI), SI
	MOVQ Row_Step(DI), R8
	MOVQ Row_Tap(DI), R9
	MOVQ Row_OutPitch(DI), R10
	MOVQ Row_Count(DI), R12
	MOVQ Row_Channels(DI), R11
	SHLQ $2, R8
	SHLQ $2, R9
	SHLQ $2, R10
	SHLQ $2, R11
	SUBQ $32, R11
	XORL R13, R13
	VBROADCASTSS least2<>(SB), Y2

pixel:
	XORL AX, AX

block:
	VMOVAPS Y2, Y0
	MOVQ Row_Rows(DI), BX
	LEAQ Row_In(DI), DX

row:
	MOVQ (DX), R14
	ADDQ R13, R14
	ADDQ AX, R14
	MOVQ Row_Taps(DI), R15

tap:
	VMOVUPS (R14), Y1
	VMAXPS Y0, Y1, Y0
	ADDQ R9, R14
	DECQ R15
	JNZ  tap
	ADDQ $24, DX
	DECQ BX
	JNZ  row
	VMOVUPS Y0, (SI)(AX*1)
	CMPQ AX, R11
	JEQ  next
	ADDQ $32, AX
	CMPQ AX, R11
	JLE  block
	MOVQ R11, AX
	JMP  block

next:
	ADDQ R8, R13
	ADDQ R10, SI
	DECQ R12
	JNZ  pixel
	VZEROUPPER
	RET
