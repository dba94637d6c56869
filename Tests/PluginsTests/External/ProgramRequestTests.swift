import BenchCore
import Checkpoints
import Foundation
import Testing

@testable import Plugins

@Suite struct ProgramRequestTests {
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
    #expect(throws: ExternalPluginError.self) { try CommandWords.split(text) }
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
        try ProgramFiles(folder: folder, named: named, command: command).identity()
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

  @Test func descriptionsAskAndUsersAllow() throws {
    try withFolder { folder in
      let path = folder.appendingPathComponent("model.json")
      try """
      {"id": "a", "name": "A", "checkpoint": {"file": "plugin"},
       "plugin": {"command": ["python3", "serve.py", "--weights={checkpoint}"], "files": ["serve.py"]}}
      """.write(to: path, atomically: true, encoding: .utf8)
      let loader = ModelLoader(nil, plugins: BuiltinPlugins.all.models)
      let checkpoint = folder.appendingPathComponent("plugin").path
      for (argument, description) in [(path.path, nil), (checkpoint, nil), (checkpoint, path.path)] {
        #expect { try loader.find(argument, description: description) } throws: { error in
          if case ExternalPluginError.notAllowed = error { true } else { false }
        }
        let candidate = try loader.find(
          argument, description: description, program: ProgramRequest(allowsDescriptions: true))
        let program = try #require(candidate.program)
        #expect(program.command == ["python3", "serve.py", "--weights=\(checkpoint)"])
        #expect(URL(fileURLWithPath: program.folder).path == folder.path && program.checkpoint == checkpoint)
        #expect(candidate.checkpoint.name == "plugin" && candidate.format == "external")
      }
      let own = try loader.find(
        checkpoint, description: nil, program: ProgramRequest(command: "other {checkpoint}"))
      #expect(own.program?.command == ["other", checkpoint] && own.description?.id == "a")
      #expect { try loader.find(path.path, description: path.path) } throws: { "\($0)".contains("--model") }
    }
  }

  @Test func misspeltKeysOfADescriptionAreErrors() throws {
    try withFolder { folder in
      let path = folder.appendingPathComponent("model.json")
      try #"{"id": "a", "name": "A", "plugin": {"comand": ["x"]}}"#.write(to: path, atomically: true, encoding: .utf8)
      #expect { try ModelLoader(nil, plugins: BuiltinPlugins.all.models).find(path.path, description: nil) } throws: {
        "\($0)".contains("comand") || "\($0)".contains("command")
      }
    }
  }
}
