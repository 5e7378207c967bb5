Feature: Case 1 — an ordinary household in the guarantee with incomes that do not count (rural, October 2025)
  The English twin of case_01.feature.

  Background:
    Given the household "case_01"

  Scenario: every number of the guarantee
    When it is decided on "2025-10-15"
    Then the "counted members" is "p1, p2, p3"
    And the "counted income of the household over a year" is "11220"
    And the "counted income per month" is "935"
    And the income per head is "311.67" yuan a month
    And "Minimum living guarantee" for "household" is "eligible"
    And the version of "2022-10-20" applies
    And the condition "income per head is below the standard" holds under "MF57 art 8"
    And the condition "income per head is below the standard" is "820" yuan from its limit
    And the amount is "1132" yuan a month
    And of it "Gap to the standard" is "820" yuan under "MF57 art 23"
    And of it "Top-up for members in special difficulty" is "312" yuan under "MF57 art 27"
    And it is paid from "2025-11-01" under "MF57 art 21"
    And it is reviewed by "2026-10-15" under "MF57 art 31"
    And it is published for "7" days under "MF57 art 19"

  Scenario: the son's two subsidies stand together
    When it is decided on "2025-10-15"
    Then "Living subsidy for disabled persons in difficulty" for "p3" is "eligible"
    And the amount is "100" yuan a month
    And it rests on "Minimum living guarantee"
    And "Care subsidy for severely disabled persons" for "p3" is "eligible"
    And the amount is "100" yuan a month
    And it rests on nothing else
    And "everyone" is due "1332" yuan a month

  Scenario Outline: trap — what does not count never matters, whatever its amount
    Given the "amount" of "<kind>" in the "income items" of "<who>" is changed to "<amount>"
    When it is decided on "2025-10-15"
    Then the "counted income per month" is "935"
    And "Minimum living guarantee" for "household" is "eligible"
    And of it "Gap to the standard" is "820" yuan under "MF57 art 23"

    Examples:
      | who | kind                   | amount |
      | p2  | central basic pension  | 900    |
      | p1  | family planning reward | 50000  |
      | p3  | disability subsidies   | 1000   |

  Scenario: trap — the same household in February 2026
    When it is decided on "2026-02-15"
    Then "Minimum living guarantee" for "household" is "undetermined"
    And the only things missing are the parameters "minimum living standard, central basic pension is not income"
    And the amount is not known yet
    And there is the warning "parameter-gap"
