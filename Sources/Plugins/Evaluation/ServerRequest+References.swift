import Served
import Tensor

extension ServerRequest {
  /// For programs that serve scores, manifolds and metrics, which only users name; they end where the work is cancelled.
  package static var forReferences: ServerRequest {
    ServerRequest(checkCancellation: { try Cancellation.current?.check() })
  }
}
