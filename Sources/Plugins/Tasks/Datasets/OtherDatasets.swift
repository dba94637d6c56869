import Digests
import Foundation
import Text

/// Data sets that are published under the same file names and sizes as MNIST's.
///
/// Fashion-MNIST is known by the first 20 labels of either split, as its users print them (the chance of others to begin so is
/// 10^-20); KMNIST, whose labels are found nowhere, by the MD5 of its packed files that torchvision checks after fetching them.
enum OtherDatasets {
  private static let firstLabels: [(name: String, labels: [UInt8])] = [
    ("Fashion-MNIST", [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4]),
    ("Fashion-MNIST", [9, 2, 1, 1, 6, 1, 4, 6, 5, 7, 4, 5, 7, 3, 4, 1, 2, 4, 8, 0]),
  ]

  private static let files: [String: String] = [
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d": "Fashion-MNIST", "25c81989df183df01b3e8a0aad5dffbe": "Fashion-MNIST",
    "bef4ecab320f06d8554ea6380940ec79": "Fashion-MNIST", "bb300cfdad3c16e7a12a480ee83cd310": "Fashion-MNIST",
    "bdb82020997e1d708af4cf47b453dcf7": "KMNIST", "e144d726b3acfaa3e44228e80efcd344": "KMNIST",
    "5c965bf0a639b31b8f53240b1b52f4d7": "KMNIST", "7320c461ea6c1c855c0b718fb2a4b134": "KMNIST",
  ]

  /// - Parameters:
  ///   - labels: of a split.
  ///   - files: its files as they are stored.
  /// - Returns: the data set's name; nil where it is none of these.
  static func name(labels: [UInt8], files contents: [Data]) -> String? {
    if let known = firstLabels.first(where: { labels.starts(with: $0.labels) }) { return known.name }
    return contents.lazy.compactMap { MD5.hash(data: $0).flatMap { files[$0.hexadecimal] } }.first
  }
}
