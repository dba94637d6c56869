import BenchCore

/// A format of several files in a folder, which the command line names: `--score diffusers=FOLDER`.
package protocol FolderReferencePlugin: ReferencePlugin {
  /// - Returns: paths of the files that are read of the folder, always as many and in the same order.
  /// - Throws: where it is no folder of the format, or one of them is missing.
  static func files(inFolder path: String) throws -> [String]
}

extension ReferencePlugin {
  /// The files that `ID=TEXT` stands for: those that it names, or those that are read of the folders it names.
  /// - Parameter text: nil where only the id was given.
  /// - Throws: `EvaluationError.invalidConfiguration`, and what looking into the folders throws.
  package static func filesRead(_ text: String?, option: String) throws -> [String] {
    let paths = try paths(text, option: option)
    guard let plugin = self as? any FolderReferencePlugin.Type else { return paths }
    return try paths.flatMap { try plugin.files(inFolder: $0) }
  }
}
