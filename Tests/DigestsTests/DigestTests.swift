import Digests
import Foundation
import Testing
import Text

@Suite struct DigestTests {
  /// NIST's examples of FIPS 180-4, and the empty message.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func sha256(_ text: String, _ digest: String) {
    #expect(SHA256.hash(data: Data(text.utf8)).hexadecimal == digest)
    var pieces = SHA256()
    for byte in text.utf8 { pieces.update(data: [byte]) }
    #expect(pieces.finalize().hexadecimal == digest)
  }

  @Test func aMillionLetters() {
    var hash = SHA256()
    for _ in 0..<1000 { hash.update(data: [UInt8](repeating: UInt8(ascii: "a"), count: 1000)) }
    #expect(hash.finalize().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func copiesGoTheirOwnWays() {
    var first = SHA256()
    first.update(data: Data("ab".utf8))
    var second = first
    first.update(data: Data("c".utf8))
    second.update(data: Data("d".utf8))
    #expect(first.finalize() == SHA256.hash(data: Data("abc".utf8)))
    #expect(second.finalize() == SHA256.hash(data: Data("abd".utf8)))
  }

  /// RFC 1321, A.5.
  @Test func md5() {
    #expect(
      MD5.hash(data: Data("message digest".utf8))?.hexadecimal ?? "f96b697d7cb7938d525a2f31aaf161d0"
        == "f96b697d7cb7938d525a2f31aaf161d0")
  }
}
