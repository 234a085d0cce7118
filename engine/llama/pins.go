package llama

import (
	"fmt"
)

// version is the version of the npm packages with llama.cpp v0.4.0, whose structs yzma v1.26.1
// knows. Neither can change without the other.
const version = "3.21.1"

// pin is one package of shared libraries.
type pin struct {
	name      string // of the npm package
	integrity string // as npm writes it
	megabytes int    // of the archive, for the notice
	folder    string // in the archive
	suffix    string // of the libraries
}

// pinFor returns the package of a platform. Only the one for linux/amd64 was tested.
func pinFor(goos, goarch string) (pin, error) {
	switch goos + "/" + goarch {
	case "linux/amd64":
		return pin{
			"@node-llama-cpp/linux-x64",
			"sha512-Totj6RTDMGo3FoK2yNUaz/oGmZD0olAqTrRluFUWmu0kW2i9TOzHSW0OWCAiGkzRCVX0WsU2CyUQo/W2NYtdPA==",
			11, "linux-x64", "so",
		}, nil
	case "linux/arm64":
		return pin{
			"@node-llama-cpp/linux-arm64",
			"sha512-eI3anSEGzJiwF2rpMpZVTdHzw47LztbvfvuRzlu/fPO18ROnBOd+75RPUBlV6qENPpmNtbov85+3VODwEwBurg==",
			8, "linux-arm64", "so",
		}, nil
	case "darwin/arm64":
		return pin{
			"@node-llama-cpp/mac-arm64-metal",
			"sha512-6MIDAZV7DXD9R1+jEXWJkFuolni3GATGE6mmuyFYc6ZmtOh9djAy15df0T0AXK3sCmVKL+fQcOAWZezxx4MvQQ==",
			5, "mac-arm64-metal", "dylib",
		}, nil
	case "darwin/amd64":
		return pin{
			"@node-llama-cpp/mac-x64",
			"sha512-Q4nyNmbcNiKygBZQZjX+qLk2w3YzoiFpLWsxNURQN7xjyUi2p2rWxjRa7Otg0FrjGf/ri4aQ+X3Uj5Y0zD06eg==",
			7, "mac-x64", "dylib",
		}, nil
	default:
		return pin{}, fmt.Errorf("%w: there is no package of them for %s/%s; put llama.cpp v0.4.0 into a directory and set LYO_LLAMA_LIB to it",
			ErrNoLibraries, goos, goarch)
	}
}
