/// A graph that was exported for a fixed number of images, run on another number.
///
/// Most nodes do not mind. Those with the number written into them (Reshape, Concat with a constant) are told; whether the
/// result is right is checked by `ONNXNetwork`.
struct Rebatching: Sendable {
  let declared: Int
  let wanted: Int
}
