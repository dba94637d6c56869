import BenchCore
import Checkpoints
import Foundation
import Testing

@testable import Served

@Suite struct ServerRequestTests {
  @Test(arguments: [
    ("python3 serve.py {checkpoint}", ["python3", "serve.py", "{checkpoint}"]),
    ("  a\t b\n", ["a", "b"]), ("'a b' \"c d\"e f\\ g", ["a b", "c de", "f g"]), ("a '' \"\"", ["a", "", ""]),
    (#"a 'it\s' "x\"y\\z\n""#, ["a", #"it\s"#, #"x"y\z\n"#]),
    ("a $(b) ; c | d > e", ["a", "$(b)", ";", "c", "|", "d", ">", "e"]),
  ])
  func words(_ text: String, _ expected: [String]) throws {
    #expect(try CommandWords.split(text) == expected)
  }

  @Test(arguments: ["", "  ", "'a", "\"a", "a\\", "'' b"])
  func unusableCommands(_ text: String) {
    #expect(throws: ServedPluginError.self) { try CommandWords.split(text) }
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pags-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["serve.py", "network.py", "plugin"] {
      try Data(name.utf8).write(to: folder.appendingPathComponent(name))
    }
    try body(folder)
  }

  @Test func programFiles() throws {
    try withFolder { folder in
      func identity(_ command: [String], _ named: [String]? = nil) throws -> CheckpointFile {
        try ServerFiles(folder: folder, named: named, command: command).identity()
      }
      let serve = CheckpointFile.sha256(of: Data("serve.py".utf8))
      let network = CheckpointFile.sha256(of: Data("network.py".utf8))
      let one = try identity(["python3", "serve.py", "--device", "cuda"])
      #expect(one.name == "serve.py" && one.sha256 == serve)
      // An interpreter is not the model, a program in the folder is.
      #expect(try identity(["/bin/sh", folder.appendingPathComponent("serve.py").path]).sha256 == serve)
      #expect(try identity(["./plugin"]).name == "plugin")
      let list = try identity(["python3", "serve.py"], ["serve.py", "network.py"])
      #expect(list.name == "plugin-files.sha256")
      #expect(String(decoding: list.data, as: UTF8.self) == "\(serve)  serve.py\n\(network)  network.py\n")
      for (command, named, word) in [
        (["python3", "-m", "serve"], nil, "plugin.files"), (["a"], [String](), "plugin.files"),
        (["a"], ["absent.py"], "absent.py"), (["a"], ["a\nb"], "cannot be listed"), (["a"], ["."], "directory"),
      ] {
        #expect { try identity(command, named) } throws: { "\($0)".contains(word) }
      }
    }
  }
}
