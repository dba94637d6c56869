import Networks
import Testing
import _TestSupport

extension Trait where Self == EveryBackend {
  /// Networks are computed there: by the processor, and by a device where there is one. What a test says then holds but for rounding,
  /// whatever computes; which bytes an image has among which others is the processor's alone.
  static var everyEngine: Self {
    Self("computed by") { backend, body in try await Engine.$here.withValue(backend) { try await body() } }
  }
}
