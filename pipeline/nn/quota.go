package nn

import (
	"bufio"
	"bytes"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// quota is how many whole processors the process's control groups let it use (cgroups(7), cpu.max, or cpu.cfs_quota_us
// of version 1): the least of its own group and those above, at least 1. Without a limit, or where none can be read, it is
// the greatest int.
func quota() int { return quotaIn("/proc/self/cgroup", "/sys/fs/cgroup") }

func quotaIn(groups, mount string) int {
	data, err := os.ReadFile(groups)
	if err != nil {
		return math.MaxInt
	}
	least := math.MaxInt
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		// hierarchy-ID:controllers:path
		parts := strings.SplitN(s.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, read := mount, quotaOf2
		if parts[0] != "0" || parts[1] != "" {
			if root, read = path.Join(mount, "cpu"), quotaOf1; !hasController(parts[1], "cpu") {
				continue
			}
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			least = min(least, read(path.Join(root, group)))
			if group == "/" {
				break
			}
		}
	}
	return least
}

func hasController(list, name string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == name {
			return true
		}
	}
	return false
}

// quotaOf2 reads "quota period" or "max period", both in microseconds.
func quotaOf2(folder string) int {
	fields := strings.Fields(text(folder, "cpu.max"))
	if len(fields) != 2 {
		return math.MaxInt
	}
	return whole(fields[0], fields[1])
}

func quotaOf1(folder string) int {
	return whole(text(folder, "cpu.cfs_quota_us"), text(folder, "cpu.cfs_period_us"))
}

// whole is how many whole processors a quota is, at least one.
func whole(quota, period string) int {
	q, err := strconv.ParseInt(quota, 10, 64)
	p, err2 := strconv.ParseInt(period, 10, 64)
	if err != nil || err2 != nil || q <= 0 || p <= 0 || q/p > math.MaxInt32 {
		return math.MaxInt // "max", or −1 in version 1
	}
	return int(max(q/p, 1))
}

func text(folder, name string) string {
	data, err := os.ReadFile(path.Join(folder, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
