/// A number with a fixed count of decimals (0 to 9), rounded half away from zero; `-` when it is not finite.
package func decimal(_ value: Double, places: Int) -> String {
    precondition((0...9).contains(places), "places must be 0 to 9")
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * scale).rounded(.toNearestOrAwayFromZero)
    guard scaled.isFinite, abs(scaled) < 9e18 else { return "-" }
    let units = Int64(abs(scaled))
    let sign = scaled < 0 ? "-" : ""
    guard places > 0 else { return sign + String(units) }
    let fraction = String(units % Int64(scale))
    return sign + String(units / Int64(scale)) + "."
        + String(repeating: "0", count: places - fraction.utf8.count) + fraction
}
