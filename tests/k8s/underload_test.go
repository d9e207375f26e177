package k8s_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// underLoad does something while clients send requests, and checks that no request fails.
func (c cluster) underLoad(t *testing.T, do func(*load)) string {
	t.Helper()
	l := begin(t, c.system(t), callers)
	enough := func(more int64) {
		from := l.asked.Load()
		harness.Eventually(t, time.Minute, "requests arrive", func() (bool, any) {
			return l.asked.Load() >= from+more, l.asked.Load()
		})
	}
	enough(100)
	do(l)
	enough(100)
	asked, failed := l.end()
	if failed > 0 {
		t.Errorf("%d of %d requests failed", failed, asked)
	}
	return fmt.Sprintf("%d requests, %d failed", asked, failed)
}

func (c cluster) upgrade(t *testing.T) string {
	return c.underLoad(t, func(*load) {
		c.helm(t, "upgrade", release, c.chart, "--values", c.values(t, now()), "--wait", "--timeout", "5m")
		c.settled(t)
		for _, p := range c.pods(t, "gateway") {
			image := c.kubectl(t, "get", "pod", p.Metadata.Name, "--output", "jsonpath={.spec.containers[0].image}")
			if !strings.HasSuffix(image, ":"+now()) {
				t.Errorf("%s runs %s", p.Metadata.Name, image)
			}
		}
	})
}

func (c cluster) deletes(t *testing.T) string {
	return c.underLoad(t, func(*load) {
		for _, name := range components {
			c.kubectl(t, "delete", "pod", c.pods(t, name)[0].Metadata.Name, "--wait=false")
		}
		c.settled(t)
	})
}

// kills ends pods without a graceful shutdown. Their requests in progress are lost, but no acknowledged change is.
func (c cluster) kills(t *testing.T) string {
	l := begin(t, c.system(t), callers)
	for _, name := range components {
		c.kubectl(t, "delete", "pod", c.pods(t, name)[0].Metadata.Name, "--grace-period=0", "--force", "--wait=false")
	}
	c.settled(t)
	asked, failed := l.end()
	l.assertStored(t)
	return fmt.Sprintf("%d requests, %d failed with the processes; acknowledged writes are there", asked, failed)
}

// drains evicts the release's pods from the node. There is no other node, so evicted pods wait: the disruption budgets
// keep one pod of each component.
func (c cluster) drains(t *testing.T) string {
	node := c.kubectl(t, "get", "pods", "--selector", "app.kubernetes.io/component=gateway", "--output",
		"jsonpath={.items[0].spec.nodeName}")
	fewest := len(components)
	said := c.underLoad(t, func(*load) {
		defer func() {
			c.kubectl(t, "uncordon", node)
			c.settled(t)
		}()
		out, err := c.try(t, "kubectl", "drain", node, "--pod-selector", "app.kubernetes.io/instance="+release,
			"--ignore-daemonsets", "--timeout", "30s")
		if err == nil || !strings.Contains(out, "violate the pod's disruption budget") {
			t.Errorf("drain: %v\n%s", err, out)
		}
		for _, name := range components {
			n := c.count(t, name)
			fewest = min(fewest, n)
			if n != 1 {
				t.Errorf("%s has %d ready pods while the node is drained", name, n)
			}
		}
	})
	return said + fmt.Sprintf("; %d pod of each component stayed", fewest)
}

// starves upgrades to settings with which a component runs out of memory.
func (c cluster) starves(t *testing.T) string {
	killed := ""
	said := c.underLoad(t, func(*load) {
		out, err := c.try(t, "helm", "upgrade", release, c.chart, "--values", c.values(t, now()), "--set",
			"components.statistics.resources.limits.memory=5Mi",
			"--set", "components.statistics.resources.requests.memory=5Mi", "--set", "components.statistics.env.GOMEMLIMIT=1GiB",
			"--wait", "--timeout", "40s")
		if err == nil {
			t.Error("the upgrade succeeded: " + out)
		}
		for _, p := range c.pods(t, "statistics") {
			for _, s := range p.Status.ContainerStatuses {
				for _, end := range []*ended{s.State.Terminated, s.LastState.Terminated} {
					if end != nil {
						killed = end.Reason
					}
				}
			}
		}
		if n := c.count(t, "statistics"); n < 2 {
			t.Errorf("%d pods of the former version are ready, want two", n)
		}
		c.helm(t, "rollback", release, "--wait", "--timeout", "3m")
		c.settled(t)
	})
	if killed != "OOMKilled" {
		t.Errorf("the pod ended with %q", killed)
	}
	return said + "; " + killed
}

// scales checks that the gateway gets more pods under load and fewer afterwards.
func (c cluster) scales(t *testing.T) string {
	c.helm(t, "upgrade", release, c.chart, "--values", c.values(t, now()), "--wait", "--timeout", "5m", "--set",
		"components.gateway.autoscaling.enabled=true",
		"--set", "components.gateway.autoscaling.max=4", "--set", "components.gateway.autoscaling.cpu=50", "--set",
		"components.gateway.resources.requests.cpu=20m", "--set", "components.gateway.autoscaling.scaleDownAfter=10")
	most := 2
	said := c.underLoad(t, func(*load) {
		harness.Eventually(t, 3*time.Minute, "there are more gateways", func() (bool, any) {
			most = c.count(t, "gateway")
			return most > 2, c.kubectl(t, "get", "hpa")
		})
	})
	harness.Eventually(t, 4*time.Minute, "there are two gateways again", func() (bool, any) {
		return c.count(t, "gateway") == 2, c.kubectl(t, "get", "hpa")
	})
	return said + fmt.Sprintf("; 2, then %d, then 2 gateways", most)
}
