package gpio

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"
)

type layout struct {
	c   string // the C expression
	got uintptr
}

var layouts = []layout{
	{"sizeof(struct gpiochip_info)", unsafe.Sizeof(ChipInfo{})},
	{"sizeof(struct gpio_v2_line_attribute)", unsafe.Sizeof(lineAttribute{})},
	{"sizeof(struct gpio_v2_line_config_attribute)", unsafe.Sizeof(configAttribute{})},
	{"sizeof(struct gpio_v2_line_config)", unsafe.Sizeof(lineConfig{})},
	{"sizeof(struct gpio_v2_line_request)", unsafe.Sizeof(LineRequest{})},
	{"sizeof(struct gpio_v2_line_info)", unsafe.Sizeof(LineInfo{})},
	{"sizeof(struct gpio_v2_line_event)", unsafe.Sizeof(LineEvent{})},
	{"sizeof(struct gpio_v2_line_values)", unsafe.Sizeof(lineValues{})},
	{"offsetof(struct gpiochip_info, lines)", unsafe.Offsetof(ChipInfo{}.Lines)},
	{"offsetof(struct gpio_v2_line_attribute, values)", unsafe.Offsetof(lineAttribute{}.Value)},
	{"offsetof(struct gpio_v2_line_attribute, debounce_period_us)", unsafe.Offsetof(lineAttribute{}.Value)},
	{"offsetof(struct gpio_v2_line_config_attribute, mask)", unsafe.Offsetof(configAttribute{}.Mask)},
	{"offsetof(struct gpio_v2_line_config, num_attrs)", unsafe.Offsetof(lineConfig{}.NumAttrs)},
	{"offsetof(struct gpio_v2_line_config, attrs)", unsafe.Offsetof(lineConfig{}.Attrs)},
	{"offsetof(struct gpio_v2_line_request, consumer)", unsafe.Offsetof(LineRequest{}.Consumer)},
	{"offsetof(struct gpio_v2_line_request, config)", unsafe.Offsetof(LineRequest{}.Config)},
	{"offsetof(struct gpio_v2_line_request, num_lines)", unsafe.Offsetof(LineRequest{}.NumLines)},
	{"offsetof(struct gpio_v2_line_request, event_buffer_size)", unsafe.Offsetof(LineRequest{}.EventBufferSize)},
	{"offsetof(struct gpio_v2_line_request, fd)", unsafe.Offsetof(LineRequest{}.FD)},
	{"offsetof(struct gpio_v2_line_info, consumer)", unsafe.Offsetof(LineInfo{}.Consumer)},
	{"offsetof(struct gpio_v2_line_info, offset)", unsafe.Offsetof(LineInfo{}.Offset)},
	{"offsetof(struct gpio_v2_line_info, flags)", unsafe.Offsetof(LineInfo{}.Flags)},
	{"offsetof(struct gpio_v2_line_info, attrs)", unsafe.Offsetof(LineInfo{}.Attrs)},
	{"offsetof(struct gpio_v2_line_event, id)", unsafe.Offsetof(LineEvent{}.ID)},
	{"offsetof(struct gpio_v2_line_event, offset)", unsafe.Offsetof(LineEvent{}.Offset)},
	{"offsetof(struct gpio_v2_line_event, seqno)", unsafe.Offsetof(LineEvent{}.Seq)},
	{"offsetof(struct gpio_v2_line_event, line_seqno)", unsafe.Offsetof(LineEvent{}.LineSeq)},
	{"offsetof(struct gpio_v2_line_values, mask)", unsafe.Offsetof(lineValues{}.Mask)},
	{"GPIO_GET_CHIPINFO_IOCTL", ioctlChipInfo},
	{"GPIO_V2_GET_LINEINFO_IOCTL", ioctlLineInfo},
	{"GPIO_V2_GET_LINE_IOCTL", ioctlGetLine},
	{"GPIO_V2_LINE_GET_VALUES_IOCTL", ioctlGetValues},
	{"GPIO_V2_LINE_SET_VALUES_IOCTL", ioctlSetValues},
	{"GPIO_V2_LINE_FLAG_USED", flagUsed},
	{"GPIO_V2_LINE_FLAG_ACTIVE_LOW", flagActiveLow},
	{"GPIO_V2_LINE_FLAG_INPUT", flagInput},
	{"GPIO_V2_LINE_FLAG_OUTPUT", flagOutput},
	{"GPIO_V2_LINE_FLAG_EDGE_RISING", flagEdgeRising},
	{"GPIO_V2_LINE_FLAG_EDGE_FALLING", flagEdgeFalling},
	{"GPIO_V2_LINE_FLAG_BIAS_PULL_UP", flagBiasPullUp},
	{"GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN", flagBiasPullDown},
	{"GPIO_V2_LINE_FLAG_BIAS_DISABLED", flagBiasDisabled},
	{"GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES", attrOutputValues},
	{"GPIO_V2_LINE_ATTR_ID_DEBOUNCE", attrDebounce},
	{"GPIO_V2_LINE_EVENT_RISING_EDGE", eventRising},
	{"GPIO_V2_LINE_EVENT_FALLING_EDGE", eventFalling},
	{"GPIO_V2_LINES_MAX", maxLines},
	{"GPIO_V2_LINE_NUM_ATTRS_MAX", maxAttrs},
	{"GPIO_MAX_NAME_SIZE", maxName},
}

// TestSizes holds on every machine; the kernel's header is asked in TestLayoutAgreesWithTheKernelsHeader.
func TestSizes(t *testing.T) {
	want := map[string]uintptr{
		"gpiochip_info": 68, "gpio_v2_line_attribute": 16, "gpio_v2_line_config_attribute": 24, "gpio_v2_line_config": 272,
		"gpio_v2_line_request": 592, "gpio_v2_line_info": 256, "gpio_v2_line_event": 48, "gpio_v2_line_values": 16,
	}
	for _, l := range layouts {
		name, ok := strings.CutPrefix(l.c, "sizeof(struct ")
		if size := want[strings.TrimSuffix(name, ")")]; ok && size != l.got {
			t.Errorf("%s is %d here, %d in the kernel", l.c, l.got, size)
		}
	}
}

func TestLayoutAgreesWithTheKernelsHeader(t *testing.T) {
	if _, err := os.Stat("/usr/include/linux/gpio.h"); err != nil {
		t.Skipf("no kernel header to compare with: %v", err)
	}
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skipf("no C compiler to read the kernel header: %v", err)
	}
	var src, want strings.Builder
	src.WriteString("#include <stddef.h>\n#include <stdio.h>\n#include <linux/gpio.h>\nint main(void) {\n")
	for _, l := range layouts {
		fmt.Fprintf(&src, "printf(\"%s = %%llu\\n\", (unsigned long long)(%s));\n", l.c, l.c)
		fmt.Fprintf(&want, "%s = %d\n", l.c, l.got)
	}
	src.WriteString("}\n")
	dir := t.TempDir()
	file, bin := filepath.Join(dir, "layout.c"), filepath.Join(dir, "layout")
	if err := os.WriteFile(file, []byte(src.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), cc, "-o", bin, file).CombinedOutput(); err != nil {
		t.Skipf("the C compiler does not work here: %v\n%s", err, out)
	}
	got, err := exec.CommandContext(t.Context(), bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("the kernel's header says\n%s\nthis package says\n%s", got, want.String())
	}
}

// TestChipsOfThisMachine reads what there is; a machine without GPIO has nothing to read.
func TestChipsOfThisMachine(t *testing.T) {
	paths := linux{"/dev"}.Chips()
	if len(paths) == 0 {
		t.Skip("this machine has no /dev/gpiochip* (gpio-sim and gpio-mockup are not available either)")
	}
	for _, path := range paths {
		c, err := linux{"/dev"}.Open(path)
		if err != nil {
			t.Skipf("chips may not be opened here: %v", err)
		}
		info, err := c.Info()
		if err != nil || info.Lines == 0 {
			t.Errorf("%s: %d lines, %v", path, info.Lines, err)
		}
		if line, err := c.Line(0); err != nil || line.Offset != 0 {
			t.Errorf("%s: line 0: %+v, %v", path, line, err)
		}
		c.Close()
	}
}

// TestRealIoctlsAreRefusedByOtherFiles sends the real ioctls to a file that is no chip: the calls must come back as
// errors, without touching memory that is not theirs.
func TestRealIoctlsAreRefusedByOtherFiles(t *testing.T) {
	c, err := linux{"/dev"}.Open("/dev/null")
	if err != nil {
		t.Skipf("no /dev/null: %v", err)
	}
	defer c.Close()
	if _, err := c.Info(); err == nil {
		t.Error("/dev/null is a chip")
	}
	if _, err := c.Line(0); err == nil {
		t.Error("/dev/null has lines")
	}
	if _, err := c.Request(&LineRequest{NumLines: 1}); err == nil {
		t.Error("/dev/null gives lines")
	}
}
