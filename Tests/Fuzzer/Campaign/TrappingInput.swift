import Foundation

/// An input that ends its process, and one that does not end, for the test that both are found.
enum TrappingInput: InputKind {
  static let id = "self-test"
  static let trap = 3
  static let flood = 5
  /// Far behind the others, so that nobody waits for it by accident.
  static let hang = 1 << 30

  static func files(_ dice: inout Dice) -> [InputFile] { [InputFile("index", "\(dice.index)")] }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    progress = .loaded
    switch Int(try String(contentsOf: folder.appendingPathComponent("index"), encoding: .utf8)) {
    case trap: preconditionFailure("the fuzzer's own trap")
    case hang:
      while true { usleep(0) }
    case flood:
      let count = Watch.largestMemory + 1 << 20
      let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 1)
      defer { memory.deallocate() }
      memset(memory, Int32(count & 1) + 1, count)
    default: break
    }
  }
}
