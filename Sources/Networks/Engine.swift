import BenchCore
import CPU
import Graph
import Synchronization

/// What computes the networks of this process: the one place that chooses it.
package enum Engine {
  /// This processor, unless a device was chosen.
  package static var backend: any Backend { here ?? chosen.withLock { $0.backend } }

  /// What computes the networks that are read here, whatever was chosen for the process: what a device is compared with.
  @TaskLocal package static var here: (any Backend)?

  /// What computes single numbers that a graph is made of, such as an ONNX file's shapes: always this processor, to whose
  /// rounding the files' checks are tuned and which needs no transfer.
  package static let host: any Backend = CPUBackend()

  static func isHost(_ backend: any Backend) -> Bool { backend is CPUBackend }

  private struct Choice {
    var backend: any Backend
    var device: Provenance.Device?
  }

  private static let chosen = Mutex(Choice(backend: host))

  /// Chooses a device for all networks that are read from now on: once, before any is.
  /// - Parameter device: what results say of it.
  package static func use(_ backend: any Backend, as device: Provenance.Device) {
    chosen.withLock { $0 = Choice(backend: backend, device: device) }
  }

  /// What a result says of the device that computed a classifier; nil for this processor.
  /// - Parameter classifier: nil where none ran. One of another process is none of ours.
  package static func device(of classifier: (any Classifier)?) -> Provenance.Device? {
    var device = chosen.withLock { $0.device }
    device?.imagesPerRun = (classifier as? NetworkClassifier)?.imagesPerPass
    return device
  }
}
