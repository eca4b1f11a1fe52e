// CoreDNS with the plugins that the test cluster's Corefile (lab/dns.py) uses: the whole of it, with the clients of three
// clouds, takes as long to build as a kubelet.
package main

import (
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	coremain.Run()
}
