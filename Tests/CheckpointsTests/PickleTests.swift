import Foundation
import Testing

@testable import Checkpoints

@Suite struct PickleTests {
  private func run(_ pickle: PickleAssembler) throws(CheckpointError) -> PickleResult {
    try PickleMachine.run(ByteRegion(pickle.data), file: "model.pt", member: "entry `data.pkl`")
  }

  private func failure(_ pickle: PickleAssembler) -> String? {
    do {
      _ = try run(pickle)
      return nil
    } catch { return error.description }
  }

  @Test func numbersOfEveryKind() throws {
    let cases: [(PickleAssembler, Int64)] = [
      (PickleAssembler().adding("K\u{7f}."), 127),
      (PickleAssembler().adding(.binInt2, [0xff, 0xff]).adding(.stop), 65535),
      (PickleAssembler().adding(.binInt, [0xff, 0xff, 0xff, 0xff]).adding(.stop), -1),
      (PickleAssembler().adding("I-42\n."), -42),
      (PickleAssembler().adding("L123L\n."), 123),
      (PickleAssembler().adding(.long1, [0]).adding(.stop), 0),
      (PickleAssembler().adding(.long1, [1, 0x80]).adding(.stop), -128),
      (PickleAssembler().adding(.long4, [2, 0, 0, 0, 0, 0x80]).adding(.stop), -32768),
      (PickleAssembler().integer(.min).adding(.stop), .min),
    ]
    for (pickle, expected) in cases {
      guard case .integer(let value) = try run(pickle).value else {
        Issue.record("\(expected) was not read as an integer")
        continue
      }
      #expect(value == expected)
    }
    guard case .bool(true) = try run(PickleAssembler().adding("I01\n.")).value else {
      Issue.record("I01 is true")
      return
    }
    guard case .float(let float) = try run(PickleAssembler().adding("F-0.5\n.")).value else {
      Issue.record("F is a float")
      return
    }
    #expect(float == -0.5)
  }

  /// Of a stack that grows with the nesting, nothing is copied at each level: that took time by the square of it, minutes here.
  @Test(.timeLimit(.minutes(1)), arguments: ["}(K\u{1}", "(K\u{1}"]) func deepNesting(level: String) throws {
    let depth = 200_000
    let end = level.hasPrefix("}") ? "u" : "d"
    let text = String(repeating: level, count: depth) + "N" + String(repeating: end, count: depth) + "."
    let result = try run(PickleAssembler().adding(text))
    #expect(result.heap.dictionaries.count == depth)
  }

  @Test func textOfEveryKind() throws {
    let cases: [(PickleAssembler, String)] = [
      (PickleAssembler().adding("Vd\\u00e9j\\u00e0\n."), "déjà"),
      (PickleAssembler().adding("S'it\\'s\\x41\\n'\n."), "it'sA\n"),
      (PickleAssembler().adding("S\"q\"\n."), "q"),
      (PickleAssembler().adding(.shortBinString, [2, 0x68, 0x69]).adding(.stop), "hi"),
      (PickleAssembler().adding(.binString, [1, 0, 0, 0, 0x78]).adding(.stop), "x"),
      (PickleAssembler().adding(.shortBinUnicode, [1, 0x79]).adding(.stop), "y"),
      (PickleAssembler().adding(.binUnicode8, [1, 0, 0, 0, 0, 0, 0, 0, 0x7a]).adding(.stop), "z"),
    ]
    for (pickle, expected) in cases {
      let result = try run(pickle)
      #expect(PickleView(result).string(result.value) == expected)
    }
  }

  @Test func errorsNameOpcodeAndOffset() {
    let start = "model.pt: entry `data.pkl`: opcode "
    #expect(
      failure(PickleAssembler().adding([0xff])) == start
        + "0xff at byte 2: unknown opcode; the file is damaged or not a pickle")
    #expect(
      failure(PickleAssembler().adding("R.")) == start
        + "REDUCE at byte 2: the stack is empty; the file is damaged")
    #expect(
      failure(PickleAssembler().adding("]t.")) == start + "TUPLE at byte 3: there is no MARK; the file is damaged")
    #expect(
      failure(PickleAssembler().adding("h\u{9}.")) == start
        + "BINGET at byte 2: memo 9 was never stored; the file is damaged")
    #expect(
      failure(PickleAssembler().adding("]")) == start
        + "(none) at byte 3: the pickle ends without STOP; the file is incomplete, fetch it again")
    #expect(failure(PickleAssembler().adding(.ext1, [1]))?.hasPrefix(start + "EXT1 at byte 2: ") == true)
    #expect(failure(PickleAssembler().adding(.nextBuffer))?.hasPrefix(start + "NEXT_BUFFER at byte 2: ") == true)
    #expect(failure(PickleAssembler().adding(.proto, [6]))?.hasPrefix(start + "PROTO at byte 2: ") == true)
    #expect(
      failure(PickleAssembler().adding(.binBytes8, [255, 255, 255, 255, 255, 255, 255, 127])) == start
        + "BINBYTES8 at byte 2: its argument needs 9223372036854775807 bytes, only 0 are left; the file is incomplete")
  }

  /// Everything an opcode takes must be above the last MARK.
  @Test func marksBoundTheStack() {
    for opcode in ["a", "s", "R", "b", "\u{85}", "2", "Q", "."] {
      let bytes = opcode.unicodeScalars.map { UInt8($0.value) }
      #expect(failure(PickleAssembler().adding("]](").adding(bytes)) != nil, "\(opcode)")
    }
  }

  @Test func everyOpcodeAloneEndsInAnErrorOrAValue() {
    for byte in UInt8.min...UInt8.max {
      for argument in [[], [0, 0, 0, 0, 0, 0, 0, 0, 0x2e], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0a]]
        as [[UInt8]]
      {
        _ = failure(PickleAssembler().adding([byte] + argument))
      }
    }
  }

  /// A list in a list a million times over: neither reading nor freeing it may use the call stack.
  @Test func deepNestingIsHarmless() throws {
    let depth = 1_000_000
    let lists = PickleAssembler().adding([UInt8](repeating: 0x5d, count: depth))
      .adding([UInt8](repeating: 0x61, count: depth - 1)).adding(.stop)
    #expect(Fixtures.failure(lists.data)?.description.contains("a list of 1") == true)
    let marks = PickleAssembler().adding([UInt8](repeating: 0x28, count: depth))
      .adding([UInt8](repeating: 0x74, count: depth)).adding(.stop)
    #expect(Fixtures.failure(marks.data) != nil)
    let tuples = PickleAssembler().adding(")").adding([UInt8](repeating: 0x85, count: depth)).adding(.stop)
    #expect(Fixtures.failure(tuples.data) != nil)
  }

  @Test func structuresThatContainThemselvesEnd() {
    let list = PickleAssembler().adding("]q\u{0}h\u{0}a.")
    #expect(Fixtures.failure(list.data) != nil)
    var dictionary = PickleAssembler().adding("}q\u{0}")
    for key in ["state_dict", "model_state_dict", "model", "net", "ema"] {
      dictionary = dictionary.string(key).adding("h\u{0}s")
    }
    #expect(Fixtures.failure(dictionary.adding(".").data) != nil)
  }

  /// Each level holds the one below twice: 2^40 values if anyone followed them all.
  @Test func memoBombsAreNotExpanded() {
    var bomb = PickleAssembler().adding("]q\u{0}")
    for level in UInt8(0)..<40 {
      bomb = bomb.adding("](").adding(.binGet, [level]).adding(.binGet, [level]).adding("e").adding(
        .binPut, [level + 1])
    }
    #expect(Fixtures.failure(bomb.adding(".").data) != nil)
  }

  /// A network whose module is its own child, and one where each level has the next twice.
  @Test func modulesThatContainThemselvesEnd() {
    func module(_ start: PickleAssembler, children: [UInt8]) -> PickleAssembler {
      let open = start.adding("cm\nNet\n)").adding(.newObj).adding(.binPut, [children.last.map { $0 &+ 1 } ?? 0])
        .adding("}").string("_parameters").adding("}s").string("_modules").adding("}")
      return children.enumerated().reduce(open) {
        $0.string("c\($1.offset)").adding(.binGet, [$1.element]).adding("s")
      }.adding("sb")
    }
    let own = PickleAssembler().adding("cm\nNet\n)").adding(.newObj).adding("q\u{0}}").string("_parameters")
      .adding("}s").string("_modules").adding("}").string("self").adding("h\u{0}ssb.")
    #expect(Fixtures.failure(own.data)?.description.contains("the nesting of modules") == true)
    var tree = module(PickleAssembler(), children: [])
    for level in UInt8(0)..<60 { tree = module(tree, children: [level, level]) }
    #expect(Fixtures.failure(tree.adding(".").data)?.description.contains("the nesting of modules") == true)
  }
}
