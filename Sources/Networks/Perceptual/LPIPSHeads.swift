import Checkpoints
import Foundation

/// Where an LPIPS metric's heads are from, told by their numbers, whatever file they were saved in again. Nothing else tells: names
/// and shapes of the two versions are the same, both are nowhere negative, and a whole saved module of version 0.0 holds the
/// constants of the scaling that it does not apply.
package enum LPIPSHeads: Sendable, Equatable {
  /// Version 0.1, as the authors published them.
  case published
  case versionZero
  /// Somebody else's.
  case other

  init(_ heads: [[Float]]) {
    var bytes = Data()
    for weight in heads.joined() {
      withUnsafeBytes(of: weight.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    let digest = CheckpointFile.sha256(of: bytes)
    self =
      Self.digests.published.contains(digest)
      ? .published : Self.digests.versionZero.contains(digest) ? .versionZero : .other
  }

  /// SHA-256 of all weights as little-endian float32, head after head; of PyPI's lpips 0.1.4, `weights/v0.1` and `weights/v0.0`:
  /// alex, squeeze, vgg.
  private static let digests = (
    published: [
      "718a8b40b0d22f96192d34ab93c0db5c7943558ff6c2407f44812dce2f29b5f4",
      "68f1b1752260e0335c6394983132e210e3ed5c2540e78d239be07671a77130e4",
      "9153a2043dccf3b525d4f13db916e93ef040548ea923b6f2100de5ebac141a78",
    ],
    versionZero: [
      "8a9f071221953c589f32ea6727d04f800af07c3f4d97ef07514bcc3c4e82f687",
      "1a1c8db5a561a6810279754ae5f042398fc4cc02b0b8c64d48be743b450da288",
      "e60d8ee2c0926a5b9ea5353744a0b2d63f81e12b5df5365fbfe1375a034f8619",
    ]
  )
}
