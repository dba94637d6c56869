import Digests
import Foundation
import Text

extension ImageSet {
  /// SHA-256, in lower-case hexadecimal, of the shape as text (`"[N, C, H, W]\n"`), the pixels as little-endian float32 in
  /// row-major order and the labels as little-endian int32: which images a result was measured on.
  package var digest: String {
    var hash = SHA256()
    hash.update(data: Data("\(images.shape)\n".utf8))
    images.scalars.map { $0.bitPattern.littleEndian }.withUnsafeBytes { hash.update(bufferPointer: $0) }
    labels.map { Int32(truncatingIfNeeded: $0).littleEndian }.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }
}
