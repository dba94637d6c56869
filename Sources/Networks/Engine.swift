import CPU
import Graph

/// What computes the networks of this process: the one place that chooses it.
package enum Engine {
  package static let backend: any Backend = CPUBackend()
}
