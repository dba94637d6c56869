import Foundation
import Testing

@testable import Checkpoints

/// Damaged files: reading must end in an error or in the same values, never in a crash.
@Suite struct DamageTests {
  static let files = [
    "zip-protocol2.pt", "zip-deflated.pt", "zip-zip64.pt", "legacy-protocol2.pt", "dtypes.safetensors",
  ]

  @Test(arguments: files) func truncationAtEveryLengthIsAnError(_ name: String) throws {
    let whole = try Fixtures.bytes(name)
    for length in 0..<whole.count {
      let error = Fixtures.failure(whole.prefix(length), name: "cut")
      #expect(error?.description.hasPrefix("cut: ") == true, "\(name) cut to \(length) bytes")
    }
  }

  /// The check value of a zip entry notices every flip in its content, and the directory and the local headers have to
  /// agree; what remains are dates and padding. The other formats have no check values, so other values may be read.
  @Test(arguments: files) func flippedBitsNeverCrash(_ name: String) throws {
    let whole = try Fixtures.bytes(name)
    let original = try contents(of: whole)
    for index in whole.indices {
      for bit in 0..<8 {
        var damaged = whole
        damaged[index] ^= 1 << UInt8(bit)
        guard let read = try? contents(of: damaged) else { continue }
        if name.hasPrefix("zip") { #expect(read == original, "\(name) byte \(index) bit \(bit)") }
      }
    }
  }

  private func contents(of data: Data) throws -> [String: [UInt32]] {
    let state = try CheckpointReader.stateDict(of: CheckpointFile(name: "test", data: data))
    return Dictionary(uniqueKeysWithValues: try state.tensors.map { ($0.name, try $0.floats().map(\.bitPattern)) })
  }

  /// Random opcodes with plausible arguments, from a fixed seed.
  @Test func randomPicklesNeverCrash() {
    var state: UInt64 = 1
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let opcodes = (UInt8.min...UInt8.max).compactMap { PickleOpcode(rawValue: $0) }
    let words = [
      "torch", "_rebuild_tensor_v2", "torch._utils", "FloatStorage", "storage", "0", "collections", "OrderedDict",
    ]
    for _ in 0..<20_000 {
      var pickle = PickleAssembler().adding("(}")
      for _ in 0..<(1 + next(30)) {
        switch next(6) {
        case 0: pickle = pickle.string(words[next(words.count)])
        case 1: pickle = pickle.adding("c\(words[next(words.count)])\n\(words[next(words.count)])\n")
        case 2: pickle = pickle.integer(next(20) - 4)
        default: pickle = pickle.adding(opcodes[next(opcodes.count)])
        }
      }
      _ = Fixtures.failure(pickle.adding(.stop).data)
    }
  }

  @Test func randomBytesNeverCrash() throws {
    var state: UInt64 = 7
    for start in [[], Array("PK\u{3}\u{4}".utf8), [0x80, 2, 0x8a, 10], [20, 0, 0, 0, 0, 0, 0, 0, 0x7b]] as [[UInt8]] {
      for length in 0..<300 {
        let noise = (0..<length).map { _ -> UInt8 in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return UInt8(truncatingIfNeeded: state >> 40)
        }
        #expect(Fixtures.failure(Data(start + noise)) != nil)
      }
    }
  }
}
