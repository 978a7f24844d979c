import Monitoring
import Testing

@Suite struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable("name", ">count", "note")
        table.append("a", "1", "short")
        table.append("longer", "1000000", "")
        #expect(
            table.rendered() == """
                name      count  note
                a             1  short
                longer  1000000
                """)
    }

    @Test func tableWithoutRowsIsItsHeadings() {
        #expect(TextTable("one", ">two", "").rendered() == "one  two")
    }

    @Test func widthIsCountedInCharacters() {
        var table = TextTable("n", ">v")
        table.append("é", "1")
        table.append("ab", "2")
        #expect(table.rendered() == "n   v\né   1\nab  2")
    }
}

@Suite struct DecimalTextTests {
    @Test(arguments: [
        (0.0, 2, "0.00"), (1.005, 0, "1"), (2.5, 0, "3"), (-2.5, 0, "-3"), (0.125, 2, "0.13"),
        (-0.125, 2, "-0.13"), (-0.004, 2, "0.00"), (1234.5, 2, "1234.50"), (0.05, 3, "0.050"),
        (9.999, 2, "10.00"), (-12.0, 1, "-12.0"), (1e9, 9, "1000000000.000000000"),
    ])
    func roundsHalfAwayFromZero(value: Double, places: Int, text: String) {
        #expect(decimal(value, places: places) == text)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func numberThatCannotBeShownIsADash(value: Double) {
        #expect(decimal(value, places: 2) == "-")
    }
}
