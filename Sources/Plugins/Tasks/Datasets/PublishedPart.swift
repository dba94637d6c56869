import Digests
import Foundation
import Tensor
import Text

/// A file, or a split, of a published data set, known by digests of its beginnings.
///
/// Beginnings and not whole files alone, so that the first images of a file are as well known as all of them; what lies behind
/// the longest beginning that is known is not looked at.
struct PublishedPart: Sendable {
  struct Beginning: Sendable {
    let count: Int
    let images: String
    let labels: String
    let pattern: String
  }

  /// In words.
  let dataset: String
  let name: String
  /// How many images are published.
  let wholeCount: Int
  /// The classes in the order in which they occur first.
  let firstLabels: [UInt8]
  /// Ascending.
  let beginnings: [Beginning]

  /// What images and labels turned out to be.
  enum Finding: Equatable {
    case published
    /// The images are the published ones and the labels are not; `renamed` holds the class that each published one is called,
    /// where only the names are other ones.
    case otherLabels(renamed: [UInt8: UInt8]?)
    /// The published images with the channels in another order.
    case otherChannels(ChannelArrangement)
    /// Nothing that is known; in words.
    case unknown(String)
  }

  /// - Parameters:
  ///   - pixels: of all images, `[N, C, H, W]`.
  ///   - labels: N.
  func finding(pixels: [UInt8], labels: [UInt8], imageShape: Shape) -> Finding {
    guard labels.count <= wholeCount else {
      return .unknown("\(labels.count) images, where \(wholeCount) are published")
    }
    guard let known = beginnings.last(where: { $0.count <= labels.count }) else {
      return .unknown("\(labels.count) images, too few to be known")
    }
    let images = pixels[..<(known.count * imageShape.count)]
    let first = Array(labels[..<known.count])
    guard Self.digest(images) == known.images else {
      // The shortest beginning rules out all but one of the arrangements.
      let arrangement = ChannelArrangement.all(channels: imageShape[0]).first { arrangement in
        [beginnings[0], known].allSatisfy { beginning in
          let images = Array(images[..<(beginning.count * imageShape.count)])
          return Self.digest(arrangement.undone(images, imageShape: imageShape)[...]) == beginning.images
        }
      }
      return arrangement.map { .otherChannels($0) } ?? .unknown("images that are not the published ones")
    }
    if Self.digest(first[...]) == known.labels { return .published }
    let (pattern, order) = Self.pattern(of: first)
    guard Self.digest(pattern[...]) == known.pattern else { return .otherLabels(renamed: nil) }
    return .otherLabels(renamed: Dictionary(zip(firstLabels, order), uniquingKeysWith: { old, _ in old }))
  }

  static func digest(_ bytes: ArraySlice<UInt8>) -> String {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }

  /// Labels renamed in the order in which they occur first, and that order.
  static func pattern(of labels: [UInt8]) -> (pattern: [UInt8], order: [UInt8]) {
    var (places, order): ([UInt8: UInt8], [UInt8]) = ([:], [])
    let pattern = labels.map { label -> UInt8 in
      if let place = places[label] { return place }
      let place = UInt8(truncatingIfNeeded: order.count)
      places[label] = place
      order.append(label)
      return place
    }
    return (pattern, order)
  }
}

/// How the channels of images may lie otherwise than in planes red, green, blue.
struct ChannelArrangement: Equatable, Sendable {
  /// The channel in each place.
  let order: [Int]
  /// Whether the channels of a pixel follow each other, instead of planes.
  let isInterleaved: Bool

  /// All but the usual one.
  static func all(channels: Int) -> [ChannelArrangement] {
    guard channels == 3 else { return [] }
    let orders = [[0, 1, 2], [2, 1, 0], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1]]
    return [false, true].flatMap { interleaved in
      orders.filter { interleaved || $0 != [0, 1, 2] }.map { Self(order: $0, isInterleaved: interleaved) }
    }
  }

  /// The images in planes red, green, blue.
  /// - Parameter pixels: of whole images.
  func undone(_ pixels: [UInt8], imageShape: Shape) -> [UInt8] {
    let (size, channels) = (imageShape.count, imageShape[0])
    let plane = size / channels
    var result = [UInt8](repeating: 0, count: pixels.count)
    for start in stride(from: 0, to: pixels.count, by: size) {
      for (place, channel) in order.enumerated() {
        for pixel in 0..<plane {
          let source = isInterleaved ? pixel * channels + place : place * plane + pixel
          result[start + channel * plane + pixel] = pixels[start + source]
        }
      }
    }
    return result
  }

  /// Such as "planes blue, green, red".
  var words: String {
    let names = order.map { ["red", "green", "blue"][$0] }.joined(separator: ", ")
    return isInterleaved ? "pixel after pixel \(names)" : "planes \(names)"
  }
}
