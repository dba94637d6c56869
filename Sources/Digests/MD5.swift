import Foundation

/// MD5 (RFC 1321), by which old files are known; it protects nothing.
package enum MD5 {
  /// - Returns: 16 bytes; nil where the system's OpenSSL computes no MD5, as in FIPS mode.
  package static func hash(data: some ContiguousBytes) -> [UInt8]? {
    guard let state = DigestState(trying: .md5) else { return nil }
    data.withUnsafeBytes { state.update($0) }
    return state.finalize()
  }
}
