import Checkpoints
import Foundation

/// The files that make up a plugin: without a checkpoint, their digest is what a result knows the model by.
package struct ServerFiles {
  let folder: URL
  /// From the description.
  let named: [String]?
  let command: [String]

  /// Name in results of several files together.
  static let listName = "plugin-files.sha256"

  /// One file is itself; of several, the list that `sha256sum FILE...` prints in the folder.
  ///
  /// Without `plugin.files` they are the words of the command that are files, listed without their folders, which are this
  /// machine's.
  /// - Throws: `ServedPluginError`.
  package func identity() throws -> CheckpointFile {
    let names = named ?? filesOfCommand()
    guard !names.isEmpty else { throw ServedPluginError.notIdentified(command: command.joined(separator: " ")) }
    let files = try names.map { name in
      // A list's line is read by other programs.
      guard !name.isEmpty, !name.contains(where: \.isNewline), !name.contains("\\") else {
        throw ServedPluginError.programFile(name, reason: "has a name that cannot be listed")
      }
      do { return try CheckpointFile.open(url(name).path) } catch {
        throw ServedPluginError.programFile(name, reason: "cannot be read: \(error)")
      }
    }
    guard files.count > 1 else { return files[0] }
    let list = zip(names, files).map { "\($1.sha256)  \(named == nil ? $1.name : $0)\n" }.joined()
    return CheckpointFile(name: Self.listName, data: Data(list.utf8))
  }

  /// A program found on the PATH is not the model's, nor is the interpreter of a script.
  private func filesOfCommand() -> [String] {
    let arguments = command.dropFirst().filter { !$0.hasPrefix("-") && isFile($0) }
    guard let program = command.first, program.contains("/"), isFile(program),
      arguments.isEmpty || !program.hasPrefix("/")
    else { return arguments }
    return [program] + arguments
  }

  private func isFile(_ word: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url(word).path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  private func url(_ name: String) -> URL {
    // A base whose path does not end in `/` would stand for the folder above it.
    URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: folder.path, isDirectory: true))
  }
}
