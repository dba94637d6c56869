/// Why a site could not be made.
package enum SiteError: Error, Equatable, CustomStringConvertible {
  /// The folder holds something and is no site of ours.
  case strangersFolder(String, found: String)
  /// A page's place is taken by something that we did not write.
  case strangersFile(String)
  case notAFolder(String)
  case symbolicLink(String)
  /// The list of what we wrote cannot be read.
  case manifest(String, reason: String)
  case unreadable(String, reason: String)
  case unwritable(String, reason: String)
  /// A template of ours; a mistake in the program, told rather than trapped.
  case template(String, reason: String)

  package var description: String {
    switch self {
    case .strangersFolder(let path, let found):
      "\(path): holds `\(found)` and is not a site of `leaderboard site`, which alone is replaced; name an empty folder or a new one"
    case .strangersFile(let path):
      "\(path): is there already and was not written by `leaderboard site`, so it is not replaced; move it away or name another "
        + "folder"
    case .notAFolder(let path): "\(path): is not a folder; expected one, or a place where one can be made"
    case .symbolicLink(let path):
      "\(path): is a symbolic link, which may lead out of the site; remove it or name another folder"
    case .manifest(let path, let reason):
      "\(path): \(reason); it lists the files of the site. Remove the folder and write the site anew"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason); free the place or name another folder"
    case .template(let name, let reason):
      "template \(name): \(reason); this is a mistake in pags-bench, please report it"
    }
  }
}
