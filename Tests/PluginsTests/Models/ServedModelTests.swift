import BenchCore
import Checkpoints
import Foundation
import Plugins
import Served
import Testing

/// Models that a program serves, from their descriptions.
@Suite struct ServedModelTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pags-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["serve.py", "network.py", "plugin"] {
      try Data(name.utf8).write(to: folder.appendingPathComponent(name))
    }
    try body(folder)
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
          if case ServedPluginError.notAllowed = error { true } else { false }
        }
        let candidate = try loader.find(
          argument, description: description, server: ServerRequest(allowsDescriptions: true))
        let program = try #require(candidate.server)
        #expect(program.command == ["python3", "serve.py", "--weights=\(checkpoint)"])
        #expect(URL(fileURLWithPath: program.folder).path == folder.path && program.checkpoint == checkpoint)
        #expect(candidate.checkpoint.name == "plugin" && candidate.format == "external")
      }
      let own = try loader.find(
        checkpoint, description: nil, server: ServerRequest(command: "other {checkpoint}"))
      #expect(own.server?.command == ["other", checkpoint] && own.description?.id == "a")
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
