"""Who may do what with needs, requests, missions and surveys.

Who may see one is `visible_to` of its QuerySet alone; these are the steps. Each takes today's date,
as membership ends on a day.
"""

from datetime import date

from partners import permissions as ground


def can_submit_need(user, today: date) -> bool:
    """Partners tell what countries need."""
    return ground.is_partner(user, today)


def can_keep_missions(user) -> bool:
    """The Lead drafts, changes and publishes missions, and sees who is proposed for them."""
    return user.has_perm("advice.change_mission")


def can_see_whole_use(user) -> bool:
    """The Lead sees small numbers, ages and names too; everybody else totals."""
    return user.has_perm("advice.view_survey")
