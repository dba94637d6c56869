import Foundation

/// SHA-256 (FIPS 180-4) of bytes that come in pieces; computed by OpenSSL's libcrypto.
package struct SHA256: Sendable {
  private var state = DigestState(.sha256)

  package init() {}

  package mutating func update(data: some ContiguousBytes) { data.withUnsafeBytes { update(bufferPointer: $0) } }

  package mutating func update(bufferPointer bytes: UnsafeRawBufferPointer) {
    if !isKnownUniquelyReferenced(&state) { state = state.copy() }
    state.update(bytes)
  }

  /// The 32 bytes of the digest.
  package consuming func finalize() -> [UInt8] { state.copy().finalize() }

  package static func hash(data: some ContiguousBytes) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: data)
    return hash.finalize()
  }
}
