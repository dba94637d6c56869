import COpenSSL

/// A digest under way, in OpenSSL's memory.
///
/// Its functions fail where memory runs out, and after wrong calls: neither is anybody's input.
final class DigestState: @unchecked Sendable {
  enum Algorithm {
    case sha256, md5

    var implementation: OpaquePointer? { self == .sha256 ? EVP_sha256() : EVP_md5() }
  }

  private let context: OpaquePointer

  /// For an algorithm that there always is.
  convenience init(_ algorithm: Algorithm) {
    guard let context = Self.begun(algorithm) else { preconditionFailure("OpenSSL has no memory for a digest") }
    self.init(context)
  }

  convenience init?(trying algorithm: Algorithm) {
    guard let context = Self.begun(algorithm) else { return nil }
    self.init(context)
  }

  private init(_ context: OpaquePointer) { self.context = context }

  deinit { EVP_MD_CTX_free(context) }

  private static func begun(_ algorithm: Algorithm) -> OpaquePointer? {
    guard let context = EVP_MD_CTX_new() else { return nil }
    guard EVP_DigestInit_ex(context, algorithm.implementation, nil) == 1 else {
      EVP_MD_CTX_free(context)
      return nil
    }
    return context
  }

  func copy() -> DigestState {
    guard let other = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(other, context) == 1 else {
      preconditionFailure("OpenSSL has no memory for a digest")
    }
    return DigestState(other)
  }

  func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    precondition(EVP_DigestUpdate(context, start, bytes.count) == 1, "a digest that was finished is continued")
  }

  func finalize() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { bytes, count in
      var length: UInt32 = 0
      precondition(EVP_DigestFinal_ex(context, bytes.baseAddress, &length) == 1, "a digest is finished twice")
      count = Int(length)
    }
  }
}
