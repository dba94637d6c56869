import Foundation
import Testing

@testable import Checkpoints

/// Pickles that would run a command when Python unpickles them. Reading them must leave no trace, and name what they
/// wanted to call.
@Suite struct ExecutionTests {
  /// Every opcode that makes Python call something, each with the command that creates a file.
  private static func attacks(_ command: String) -> [(name: String, pickle: PickleAssembler)] {
    let start = PickleAssembler()
    let argument = start.adding("(").string(command).adding("t").bytes.dropFirst(2)
    let quoted = "S'\(command)'\n"
    return [
      ("REDUCE", start.adding("cposix\nsystem\n").adding(Array(argument)).adding("R.")),
      ("REDUCE eval", start.adding("cbuiltins\neval\n(").string("__import__('os').system('\(command)')").adding("tR.")),
      ("REDUCE exec", start.adding("c__builtin__\nexec\n(").string("import os; os.system('\(command)')").adding("tR.")),
      ("INST", start.adding("(\(quoted)iposix\nsystem\n.")),
      ("OBJ", start.adding("(cposix\nsystem\n\(quoted)o.")),
      ("NEWOBJ", start.adding("csubprocess\nPopen\n").adding(Array(argument)).adding(.newObj).adding(.stop)),
      (
        "NEWOBJ_EX",
        start.adding("csubprocess\nPopen\n").adding(Array(argument)).adding("}").adding(.newObjEx).adding(.stop)
      ),
      (
        "STACK_GLOBAL",
        start.string("posix").string("system").adding(.stackGlobal).adding(Array(argument)).adding("R.")
      ),
      (
        "BUILD",
        start.adding("cos\n_wrap_close\n)").adding(.newObj).adding("}").string("__setstate__")
          .adding("cposix\nsystem\nsb").string(command).adding("b.")
      ),
      (
        "inside a rebuild function",
        start.adding("ctorch._tensor\n_rebuild_from_type_v2\n(cposix\nsystem\ncposix\nsystem\n")
          .adding(Array(argument)).adding("NtR.")
      ),
      ("persistent id", start.adding("cposix\nsystem\n").adding(Array(argument)).adding("RQ.")),
    ]
  }

  @Test func nothingIsExecuted() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let mark = directory.appendingPathComponent("executed").path
    for (name, pickle) in Self.attacks("touch \(mark)") {
      // Alone, and as the value of an entry beside a real tensor.
      let error = try #require(Fixtures.failure(pickle.data, name: "evil.pkl"), "\(name)")
      #expect(error.description.hasPrefix("evil.pkl: "), "\(name)")
      let body = Array(pickle.bytes.dropFirst(2).dropLast())
      let beside = PickleAssembler().adding("}").string("w").tensor(count: 16, shape: [4], strides: [1]).adding("s")
        .string("payload").adding(body).adding("s.")
      let file = CheckpointFile(name: "evil.pt", data: try beside.zip())
      do {
        let state = try CheckpointReader.stateDict(of: file)
        #expect(state.names == ["w"], "\(name)")
        #expect(
          state.unknownGlobals.contains {
            ["posix.system", "subprocess.Popen", "builtins.eval", "__builtin__.exec"].contains($0)
          }, "\(name)")
        #expect(state.notes.contains { $0.contains("inert placeholders") }, "\(name)")
      } catch {
        #expect(name == "inside a rebuild function", "\(name): \(error)")
      }
      #expect(!FileManager.default.fileExists(atPath: mark), "\(name)")
    }
  }

  @Test func fixturesThatExecuteAreReadWithoutDoingSo() throws {
    for file in ["zip-executes.pt", "legacy-executes.pt"] {
      let state = try CheckpointReader.stateDict(of: Fixtures.open(file))
      #expect(state.unknownGlobals == ["posix.system"])
      #expect(state.otherEntries == ["payload = an object of posix.system"])
      #expect(!FileManager.default.fileExists(atPath: "pags-bench-executed"))
    }
  }

  @Test func anAttackWithoutTensorsIsNamed() throws {
    let pickle = PickleAssembler().adding("cposix\nsystem\n(").string("true").adding("tR.")
    let error = try #require(Fixtures.failure(pickle.data, name: "evil.pkl"))
    #expect(
      error.description == "evil.pkl: no named tensors found: the file holds an object of posix.system; "
        + "save the model with torch.save(model.state_dict(), FILE)")
  }
}
