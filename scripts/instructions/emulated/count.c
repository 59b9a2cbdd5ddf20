// A plugin for QEMU's user-mode emulator that counts executed instructions by the place of their block, and writes
// "address instructions executions" a line to the file named by the argument out= when the program ends. A block is a run
// of instructions without a jump into or out of it.
//
// QEMU's packages rarely bring qemu-plugin.h; these are the declarations needed, after docs/devel/tcg-plugins.rst. They
// are the same in all versions of the interface so far, of which the runner finds the one that QEMU accepts.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), int, void *);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);

EXPORT int qemu_plugin_version = PLUGIN_API;

struct block {
	uint64_t address, instructions, executions;
	struct block *next;
};

static struct block *_Atomic blocks;
static const char *out;

static void executed(unsigned cpu, void *data)
{
	(void)cpu;
	__atomic_fetch_add(&((struct block *)data)->executions, 1, __ATOMIC_RELAXED);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	struct block *b = calloc(1, sizeof *b);
	if (!b)
		abort();
	b->address = qemu_plugin_tb_vaddr(tb);
	b->instructions = qemu_plugin_tb_n_insns(tb);
	b->next = blocks;
	while (!__atomic_compare_exchange_n(&blocks, &b->next, b, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, b);
}

static void ended(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	FILE *f = fopen(out, "w");
	if (!f) {
		perror(out);
		return;
	}
	for (struct block *b = blocks; b; b = b->next)
		fprintf(f, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->address, b->instructions, b->executions);
	if (fclose(f))
		perror(out);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	if (!out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
