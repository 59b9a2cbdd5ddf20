// Runs a model a number of times with onnxruntime, on one thread, as a program to count instructions of.
// Usage: onnxruntime LIBRARY MODEL INPUT DIMENSIONS RUNS (DIMENSIONS as 1,3,112,112).
//
// The library comes without its header; it is called through the table of its C interface, version 1 on, whose entries
// never change their places (onnxruntime_c_api.h, struct OrtApi).
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	getErrorMessage = 2, createEnv = 3, createSession = 7, run = 9, createSessionOptions = 10, setIntraThreads = 24,
	setInterThreads = 25, getOutputName = 37, createTensor = 49, createMemoryInfo = 69, getAllocator = 78, releaseValue = 96
};
enum { logErrors = 3, kindFloat = 1, arenaAllocator = 1, cpuMemory = 0, oldestWithAll = 1 };

typedef void *(*function)();
struct base {
	function *(*getApi)(uint32_t);
	const char *(*version)(void);
};
static function *api;

static void check(void *status)
{
	if (status) {
		fprintf(stderr, "onnxruntime: %s\n", (const char *)api[getErrorMessage](status));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: onnxruntime LIBRARY MODEL INPUT DIMENSIONS RUNS\n");
		return 2;
	}
	void *library = dlopen(argv[1], RTLD_NOW);
	if (!library) {
		fprintf(stderr, "onnxruntime: %s\n", dlerror());
		return 1;
	}
	const struct base *(*getBase)(void) = dlsym(library, "OrtGetApiBase");
	api = getBase()->getApi(oldestWithAll);

	void *env, *options, *session, *memory, *allocator, *input, *output = NULL;
	char *outputName;
	check(api[createEnv](logErrors, "count", &env));
	check(api[createSessionOptions](&options));
	check(api[setIntraThreads](options, 1));
	check(api[setInterThreads](options, 1));
	check(api[createSession](env, argv[2], options, &session));
	check(api[getAllocator](&allocator));
	check(api[getOutputName](session, (size_t)0, allocator, &outputName));

	int64_t shape[8];
	size_t dimensions = 0, size = 1;
	for (char *d = strtok(argv[4], ","); d && dimensions < 8; d = strtok(NULL, ",")) {
		shape[dimensions] = atoll(d);
		size *= shape[dimensions++];
	}
	float *values = malloc(size * sizeof *values);
	if (!values)
		return 1;
	for (size_t i = 0; i < size; i++)
		values[i] = (float)(i % 17) / 17 - 0.5f;
	check(api[createMemoryInfo](arenaAllocator, cpuMemory, &memory));
	check(api[createTensor](memory, values, size * sizeof *values, shape, dimensions, kindFloat, &input));

	const char *inputs[] = {argv[3]}, *outputs[] = {outputName};
	const void *given[] = {input};
	for (int i = atoi(argv[5]); i > 0; i--) {
		check(api[run](session, NULL, inputs, given, (size_t)1, outputs, (size_t)1, &output));
		api[releaseValue](output);
		output = NULL;
	}
	return 0;
}
